package access_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
)

const (
	irsa   = "arn:aws:iam::999999999999:role/port-aws-sync"
	keyARN = "arn:aws:secretsmanager:eu-west-1:999999999999:secret:key"
)

// sts notes who asks for which role by what, and which key other services are asked with.
type stsWorld struct {
	*testing.T
	asked  []string // operation, role, key that signs, external id or token
	keys   []string // of all other calls
	secret string
	deny   bool
}

func (s *stsWorld) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c, err := awstest.Read(r)
	if err != nil {
		s.Error(err)
	}
	switch c.Operation {
	case "GetSecretValue":
		fmt.Fprintf(w, `{"SecretString": %q}`, s.secret)
	case "AssumeRole", "AssumeRoleWithWebIdentity":
		role := c.Form.Get("RoleArn")
		s.asked = append(s.asked, strings.Join([]string{c.Operation, role, c.AccessKey, c.Form.Get("ExternalId") + c.Form.Get("WebIdentityToken")}, " "))
		if s.deny && role == reader {
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprint(w, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")
			return
		}
		key := "ASIA-" + role[strings.LastIndex(role, "/")+1:]
		fmt.Fprintf(w, "<%sResponse><%[1]sResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"+
			"<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></%[1]sResult></%[1]sResponse>",
			c.Operation, key, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	default:
		s.keys = append(s.keys, c.AccessKey)
		fmt.Fprint(w, "{}")
	}
}

// TestAnAccountIsNeverReadWithOtherCredentialsThanItsRoles goes each way in. What the environment happens to have
// (AKIDTEST) may at most read the secret.
func TestAnAccountIsNeverReadWithOtherCredentialsThanItsRoles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("the-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	byKey := func(hub aws.Config) (aws.Config, error) { return access.UserKey(t.Context(), hub, keyARN) }
	byToken := func(hub aws.Config) (aws.Config, error) { return access.WebIdentity(t.Context(), hub, irsa, file) }
	byRole := func(hub aws.Config) (aws.Config, error) { return hub, nil }
	for _, c := range []struct {
		name       string
		prove      func(aws.Config) (aws.Config, error)
		externalID string
		want       []string
	}{
		{"the function's role", byRole, "x-1", []string{"AssumeRole " + reader + " AKIDTEST x-1"}},
		{"a user's key", byKey, "x-1", []string{"AssumeRole " + reader + " AKIDUSER x-1"}},
		{"a service account's role", byToken, "x-1", []string{
			"AssumeRoleWithWebIdentity " + irsa + "  the-token", "AssumeRole " + reader + " ASIA-port-aws-sync x-1"}},
		{"the token itself", byToken, "", []string{
			"AssumeRoleWithWebIdentity " + irsa + "  the-token", "AssumeRoleWithWebIdentity " + reader + "  the-token"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &stsWorld{T: t, secret: `{"accessKeyId": "AKIDUSER", "secretAccessKey": "s"}`}
			base, err := c.prove(awstest.Config(s, "eu-west-1"))
			if err != nil {
				t.Fatal(err)
			}
			cfg, err := access.Assume(t.Context(), base, access.Role{ARN: reader, ExternalID: c.externalID})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := ecs.NewFromConfig(cfg).ListClusters(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(s.asked, "\n"); got != strings.Join(c.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, strings.Join(c.want, "\n"))
			}
			if len(s.keys) != 1 || s.keys[0] != "ASIA-reader" {
				t.Errorf("the account is read with %q", s.keys)
			}

			s.deny = true
			cfg, err = access.Assume(t.Context(), base, access.Role{ARN: reader, ExternalID: c.externalID})
			var denied *access.DeniedError
			if !errors.As(err, &denied) || cfg.Credentials != nil {
				t.Errorf("refused, it leaves credentials (%v) and %v", cfg.Credentials != nil, err)
			}
		})
	}
}

func TestASecretThatHoldsNoKeyIsNamed(t *testing.T) {
	for _, text := range []string{"{}", `{"accessKeyId": "A"}`, "not JSON, but s3cr3t"} {
		s := &stsWorld{T: t, secret: text}
		_, err := access.UserKey(t.Context(), awstest.Config(s, "eu-west-1"), keyARN)
		var secret *access.SecretError
		if !errors.As(err, &secret) || secret.ARN != keyARN || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestATokenThatIsMissingIsNamed(t *testing.T) {
	_, err := access.WebIdentity(t.Context(), awstest.Config(&stsWorld{T: t}, "eu-west-1"), irsa, "/no/such/token")
	if err == nil || !strings.Contains(err.Error(), "/no/such/token") {
		t.Errorf("got %v", err)
	}
}
