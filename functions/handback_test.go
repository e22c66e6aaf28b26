package functions_test

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/port-aws-sync/port-aws-sync/functions"
	"github.com/port-aws-sync/port-aws-sync/internal/port"
	"github.com/port-aws-sync/port-aws-sync/internal/port/porttest"
)

func TestHandingBackWritesAMappingThatOceanTakesAndNothingElse(t *testing.T) {
	type object = map[string]any
	block := func(kind string) object {
		return object{"kind": kind, "selector": object{"query": "true"}, "port": object{"entity": object{"mappings": object{
			"identifier": ".Type", "blueprint": `"b"`,
		}}}}
	}
	server := porttest.New(porttest.Options{})
	err := server.Seed(porttest.Seed{Integration: object{
		"installationId": "prod", "installationAppType": "aws-v3", "version": "1",
		"config": object{"resources": []any{block("PortAwsSync::Run"), block("AWS::S3::Bucket"), block("AWS::Logs::LogGroup")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	defer web.Close()
	p := port.New(port.Config{BaseURL: web.URL, Type: "aws-v3", Version: "1", Identifier: "prod",
		Credentials: func(context.Context) (port.Credentials, error) {
			return port.Credentials{ClientID: porttest.ClientID, ClientSecret: porttest.ClientSecret}, nil
		}})
	for _, c := range []struct {
		apply bool
		says  []string
		kinds int // of the mapping, afterwards
	}{
		{false, []string{"no kind PortAwsSync::Run", "no kind AWS::Logs::LogGroup", "Nothing is written"}, 3},
		{true, []string{"The mapping is written"}, 1},
		{true, []string{"as it is"}, 1},
	} {
		var out bytes.Buffer
		if err := functions.HandBack(t.Context(), &out, p, c.apply); err != nil {
			t.Fatal(err)
		}
		for _, words := range c.says {
			if !strings.Contains(out.String(), words) {
				t.Errorf("%q does not say %q", out.String(), words)
			}
		}
		in, err := p.Integration(t.Context())
		if err != nil || strings.Count(string(in.Config), `"kind"`) != c.kinds {
			t.Errorf("%s, %v", in.Config, err)
		}
	}
	if asked, err := p.ResyncRequest(t.Context()); err != nil || !asked.IsZero() {
		t.Errorf("it has asked for a resync at %v, %v", asked, err)
	}
}
