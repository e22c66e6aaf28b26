package port_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

func TestSecretsAreNotPrinted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answers: []answer{refuse(401, "unauthorized", "bad token t1 t2")}}
		c := connect(t, f, port.Config{})
		_, err := c.Organization(t.Context())

		cred := port.Credentials{ClientID: "the-client", ClientSecret: "the-secret"}
		var text bytes.Buffer
		fmt.Fprintf(&text, "%v %+v %#v %s %q %d %x\n", cred, cred, cred, cred, cred, cred, cred)
		fmt.Fprintf(&text, "%v %+v\n", &cred, struct{ C port.Credentials }{cred})
		fmt.Fprintf(&text, "%+v %#v %v %+v\n", c, c, err, err)
		out, _ := json.Marshal(cred)
		text.Write(out)
		in := struct{ C any }{cred}
		for _, h := range []slog.Handler{slog.NewJSONHandler(&text, nil), slog.NewTextHandler(&text, nil)} {
			slog.New(h).Info("x", "cred", cred, "pointer", &cred, "in", in, "client", c, "err", err)
		}
		hex := fmt.Sprintf("%x", "the-secret")
		for _, secret := range []string{"the-client", "the-secret", "Bearer", "t2", hex} {
			if strings.Contains(text.String(), secret) {
				t.Errorf("%q is in\n%s", secret, text.String())
			}
		}
	})
}

func TestCredentialsAreReadFromTheSecret(t *testing.T) {
	var got port.Credentials
	if err := json.Unmarshal([]byte(`{"clientId":"a","clientSecret":"b"}`), &got); err != nil {
		t.Fatal(err)
	}
	if got.ClientID != "a" || got.ClientSecret != "b" {
		t.Error("not read")
	}
}
