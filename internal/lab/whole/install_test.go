package whole_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"

	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

// listed reads, instead of the organization, the accounts of a list in the state bucket.
func (w whole) listed() {
	bucket, err := w.Output(w.ctx, "StateBucketName")
	w.must(err)
	payments := w.World.Account("payments").ID
	w.must(w.Put(w.ctx, bucket, run.AccountsList, `["`+w.MemberRole(payments)+`"]`))
	if r, code := w.look(); code != 0 || r.Accounts != 1 || !found(r, "AccountReadable", payments) {
		w.Errorf("of the one account that is listed it finds (%d)\n%s", code, r.Text())
	}
	for _, a := range w.run(`{"dryRun": true}`).Accounts {
		if read := a.State == "complete"; read != (a.ID == payments) {
			w.Errorf("account %s: %+v", a.ID, a.Verdict)
		}
	}
	w.must(w.Lab.Remove(w.ctx, bucket, run.AccountsList))
}

// byToken follows docs/install.md to Kubernetes: its policy, its templates, its settings.
func (w whole) byToken() {
	text, err := os.ReadFile("../../../docs/install.md")
	w.must(err)
	doc := string(text)
	block := func(language string) string {
		return regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindStringSubmatch(doc)[1]
	}
	template := regexp.MustCompile(`--template-file (stacksets/member-role-oidc.yaml).*--parameter-overrides (.*)`).FindStringSubmatch(doc)
	parameters := map[string]string{}
	for _, p := range strings.Fields(template[2]) {
		name, value, _ := strings.Cut(p, "=")
		parameters[name] = value
	}
	parameters["RoleName"] = "by-token-read" // the stack's roles have the name of the docs
	ours := strings.NewReplacer("my-port-aws-sync-state", w.World.Bucket, "arn:aws:secretsmanager:eu-west-1:999988887777:secret:port-AbCdEf", w.World.Secret)
	for _, a := range w.World.Accounts {
		if a.Active {
			w.must(w.ByHand(w.ctx, a.ID, "by-token", template[1], parameters))
		}
	}
	trust := strings.NewReplacer("ISSUER", parameters["OIDCIssuerURL"], "HUB", w.Hub()).Replace(`{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::HUB:oidc-provider/ISSUER"}, "Action": "sts:AssumeRoleWithWebIdentity",
		"Condition": {"StringEquals": {"ISSUER:sub": "system:serviceaccount:port:port-aws-sync"}}}]}`)
	role, err := w.Role(w.ctx, "service-account", trust, ours.Replace(block("json")))
	w.must(err)
	token, err := w.Token(parameters["OIDCIssuerURL"], parameters["ServiceAccountNamespace"], parameters["ServiceAccountName"])
	w.must(err)
	settings := []string{"EXTERNAL_ID=", "AWS_ROLE_ARN=" + role, "AWS_WEB_IDENTITY_TOKEN_FILE=" + token}
	for _, m := range regexp.MustCompile(`\{name: ([A-Z_]+), value: "?([^"}]+)"?\}`).FindAllStringSubmatch(block("yaml"), -1) {
		settings = append(settings, m[1]+"="+ours.Replace(m[2]))
	}
	settings = append(settings, "MEMBER_ROLE_NAME="+parameters["RoleName"], "APPLY=") // the stack keeps this catalog
	var out bytes.Buffer
	code, err := w.Doctor(w.ctx, &out, settings...)
	w.must(err)
	if text := out.String(); code != 0 || !strings.Contains(text, "5 looked at, 5 of them can be read in full") {
		w.Errorf("the doctor finds (%d)\n%s", code, text)
	}
	out.Reset()
	w.must(w.Lab.Run(w.ctx, &out, settings...))
	if text := out.String(); !strings.Contains(text, "complete") {
		w.Error(text)
	}
	other, err := w.Token(parameters["OIDCIssuerURL"], "port", "somebody-else")
	w.must(err)
	if code, err = w.Doctor(w.ctx, &out, append(settings, "AWS_WEB_IDENTITY_TOKEN_FILE="+other)...); code != 1 || err != nil {
		w.Errorf("another service account's token opens them too (%d): %v", code, err)
	}
}
