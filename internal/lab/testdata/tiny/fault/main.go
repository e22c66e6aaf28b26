// Command fault is a function that does what its event asks for, good and bad.
package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// event asks for one thing.
type event struct {
	Do           string
	Milliseconds int
	Bytes        int
	Calls        int
	Role         string
	ExternalID   string
	Item         any
}

func main() {
	if os.Getenv("BROKEN") != "" {
		println("broken from the start")
		os.Exit(3)
	}
	lambda.Start(handle)
}

func handle(ctx context.Context, e event) (any, error) {
	switch e.Do {
	case "sleep":
		time.Sleep(time.Duration(e.Milliseconds) * time.Millisecond)
	case "fail":
		return nil, messages.InvokeResponse_Error{Type: "Busy", Message: "on purpose"}
	case "fail without a name":
		return nil, errors.New("on purpose")
	case "panic":
		panic("on purpose")
	case "exit":
		os.Exit(7)
	case "answer":
		return strings.Repeat("x", e.Bytes), nil
	case "environment":
		return os.Environ(), nil
	case "assume":
		return assume(ctx, e)
	case "call":
		return nil, call(ctx, e.Calls)
	}
	return e.Item, nil
}

// assume enters a role and says who it is then.
func assume(ctx context.Context, e event) (string, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return "", err
	}
	in := &sts.AssumeRoleInput{RoleArn: &e.Role, RoleSessionName: aws.String("tiny")}
	if e.ExternalID != "" {
		in.ExternalId = &e.ExternalID
	}
	out, err := sts.NewFromConfig(cfg).AssumeRole(ctx, in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.AssumedRoleUser.Arn), nil
}

// call calls AWS so many times.
func call(ctx context.Context, times int) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	for range times {
		if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}
