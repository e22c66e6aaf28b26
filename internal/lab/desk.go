package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// serviceHeader tells the emulator which service of AWS asks. Only the lab may say so.
const serviceHeader = "X-Lab-Service"

// desk is where the lab itself asks for things of AWS. At the emulator's own URL it gets past all faults.
type desk struct {
	url     string
	account string // on whose behalf; "" is the hub's
}

// refusal is an answer that is none.
type refusal struct {
	status int
	code   string
	body   string
}

func (r *refusal) Error() string { return fmt.Sprintf("HTTP %d %s: %s", r.status, r.code, r.body) }

func (d desk) send(ctx context.Context, service, method, path string, header http.Header, body []byte) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, d.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, nil, err
	}
	if header != nil {
		r.Header = header
	}
	if d.account != "" {
		r.Header.Set("X-Moto-Account-Id", d.account)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=lab/20261124/"+region+"/"+service+
		"/aws4_request, SignedHeaders=host, Signature=lab")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	got, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = &refusal{answer.StatusCode, answer.Header.Get("X-Amzn-Errortype"), strings.TrimSpace(string(got))}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%s %s of %s: %w", method, path, service, err)
	}
	return answer, got, nil
}

// get reads from a service whose resources have paths.
func (d desk) get(ctx context.Context, service, path string, into any) error {
	_, got, err := d.send(ctx, service, "GET", path, nil, nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(got, into)
}

// call calls an operation of a service that has JSON and one path.
func (d desk) call(ctx context.Context, service, operation string, in, into any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	header := http.Header{"X-Amz-Target": {operation}, "Content-Type": {"application/x-amz-json-1.0"}}
	_, got, err := d.send(ctx, service, "POST", "/", header, body)
	if err != nil {
		return fmt.Errorf("%s: %w", operation, err)
	}
	return json.Unmarshal(got, into)
}

// form calls an operation of a service that takes a form and answers with XML. A service of AWS may ask.
func (d desk) form(ctx context.Context, service, asking string, values url.Values, into any) error {
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if asking != "" {
		header.Set(serviceHeader, asking)
	}
	_, got, err := d.send(ctx, service, "POST", "/", header, []byte(values.Encode()))
	if err != nil {
		return fmt.Errorf("%s: %w", values.Get("Action"), err)
	}
	return xml.Unmarshal(got, into)
}

// credentials are what STS gives out.
type credentials struct {
	AccessKeyId, SecretAccessKey, SessionToken string
}

// assume lets a service of AWS assume a role, if that trusts it.
func (d desk) assume(ctx context.Context, service, role, session string) (credentials, error) {
	var answer struct {
		Credentials credentials `xml:"AssumeRoleResult>Credentials"`
	}
	err := d.form(ctx, "sts", service, url.Values{
		"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {role}, "RoleSessionName": {session},
	}, &answer)
	return answer.Credentials, err
}
