package access

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// keyLife is for how long a key that was read from its secret is used before it is read again: it may
// have been rotated.
const keyLife = 15 * time.Minute

// UserKey returns hub with the access key of an IAM user, {"accessKeyId": …, "secretAccessKey": …} in a secret
// that hub may read. It is read at once, so that a wrong secret is an error here: a *SecretError.
func UserKey(ctx context.Context, hub aws.Config, secret string) (aws.Config, error) {
	read := func(ctx context.Context) (aws.Credentials, error) {
		var key struct{ AccessKeyID, SecretAccessKey string }
		if err := Secret(ctx, hub, secret, &key); err != nil {
			return aws.Credentials{}, err
		}
		if key.AccessKeyID == "" || key.SecretAccessKey == "" {
			return aws.Credentials{}, &SecretError{secret, errors.New("it lacks accessKeyId or secretAccessKey")}
		}
		return aws.Credentials{AccessKeyID: key.AccessKeyID, SecretAccessKey: key.SecretAccessKey,
			Source: "UserKey", CanExpire: true, Expires: time.Now().Add(keyLife)}, nil
	}
	cfg := hub.Copy()
	cfg.Credentials = aws.NewCredentialsCache(aws.CredentialsProviderFunc(read))
	_, err := cfg.Credentials.Retrieve(ctx)
	return cfg, err
}

// WebIdentity returns cfg as the role whom the token in a file proves, whatever other credentials there are. The file
// is read for each proof: its owner renews it. Assume enters a role from that role if an external id is to be
// sent, and else by the token itself, which proves nothing but the service account and so can send none.
func WebIdentity(ctx context.Context, cfg aws.Config, role, file string) (aws.Config, error) {
	w := &webIdentity{file: file}
	w.CredentialsCache = aws.NewCredentialsCache(w.enter(cfg, role, "port-aws-sync"))
	cfg = cfg.Copy()
	cfg.Credentials = w
	if _, err := w.Retrieve(ctx); err != nil {
		return aws.Config{}, fmt.Errorf("enter %s with the token in %s: %w", role, file, err)
	}
	return cfg, nil
}

// webIdentity is credentials that a token proves.
type webIdentity struct {
	*aws.CredentialsCache
	file string
}

// enter proves another role by the same token.
func (w *webIdentity) enter(cfg aws.Config, role, session string) *stscreds.WebIdentityRoleProvider {
	return stscreds.NewWebIdentityRoleProvider(sts.NewFromConfig(cfg), role, stscreds.IdentityTokenFile(w.file),
		func(o *stscreds.WebIdentityRoleOptions) {
			o.Duration, o.RoleSessionName = time.Hour, sessionName(session)
		})
}
