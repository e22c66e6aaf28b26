package lab

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
)

// ByHand makes a stack of a template of the checkout in an account, as a person of that account does.
func (l *Lab) ByHand(ctx context.Context, account, stack, file string, parameters map[string]string) error {
	template, err := os.ReadFile(filepath.Join(l.root, file))
	if err != nil {
		return err
	}
	values := url.Values{
		"Action": {"CreateStack"}, "Version": {"2010-05-15"}, "StackName": {stack}, "TemplateBody": {string(template)},
		"Capabilities.member.1": {"CAPABILITY_NAMED_IAM"},
	}
	n := 0
	for name, value := range parameters {
		n++
		values.Set(fmt.Sprintf("Parameters.member.%d.ParameterKey", n), name)
		values.Set(fmt.Sprintf("Parameters.member.%d.ParameterValue", n), value)
	}
	var answer struct{}
	return desk{url: l.emulator.url, account: account}.form(ctx, "cloudformation", "", values, &answer)
}

// Role makes a role in the hub, with one policy. It gives the role's ARN.
func (l *Lab) Role(ctx context.Context, name, trust, policy string) (string, error) {
	defer l.AWS.rights.forget()
	var answer struct{}
	err := l.desk.form(ctx, "iam", "", url.Values{
		"Action": {"CreateRole"}, "Version": {"2010-05-08"}, "RoleName": {name}, "AssumeRolePolicyDocument": {trust},
	}, &answer)
	if err != nil {
		return "", err
	}
	err = l.desk.form(ctx, "iam", "", url.Values{
		"Action": {"PutRolePolicy"}, "Version": {"2010-05-08"}, "RoleName": {name}, "PolicyName": {name}, "PolicyDocument": {policy},
	}, &answer)
	return access.RoleARN("aws", hub, name), err
}

// Hub is the account in which the stack is.
func (l *Lab) Hub() string { return hub }

// Put stores an object, as a person does.
func (l *Lab) Put(ctx context.Context, bucket, key, text string) error {
	_, _, err := l.desk.send(ctx, "s3", "PUT", "/"+bucket+"/"+key, nil, []byte(text))
	return err
}

// Remove removes an object, as a person does.
func (l *Lab) Remove(ctx context.Context, bucket, key string) error {
	_, _, err := l.desk.send(ctx, "s3", "DELETE", "/"+bucket+"/"+key, nil, nil)
	return err
}

// Token writes a token as Kubernetes gives a service account, and gives its file.
func (l *Lab) Token(issuer, namespace, account string) (string, error) {
	claims := fmt.Sprintf(`{"iss": "https://%s", "aud": "sts.amazonaws.com", "sub": "system:serviceaccount:%s:%s"}`, issuer, namespace, account)
	token := strings.Join([]string{"e30", base64.RawURLEncoding.EncodeToString([]byte(claims)), "c2ln"}, ".")
	file := filepath.Join(l.folder, "token-"+account)
	return file, os.WriteFile(file, []byte(token), 0o600)
}
