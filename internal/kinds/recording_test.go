package kinds_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/port-aws-sync/port-aws-sync/internal/awstest"
	"github.com/port-aws-sync/port-aws-sync/internal/kind"
	"github.com/port-aws-sync/port-aws-sync/internal/kinds"
)

var update = flag.Bool("update", false, "write want.json of the recordings anew")

var site = kind.Site{Partition: "aws", Account: "123456789012", AccountName: "Wires", Region: "eu-west-1"}

// recordings are the archives of testdata by path. kind.txtar and kind.more.txtar are of one kind,
// whose name is that of its file. The section "options", if there is one, names those to ask for.
func recordings(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no recordings: %v", err)
	}
	return paths
}

func recordedKind(t *testing.T, path string) kind.Kind {
	t.Helper()
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	for _, k := range kinds.All {
		if fileName(k) == name {
			return k
		}
	}
	t.Fatalf("%s: no such kind", path)
	return kind.Kind{}
}

// fileName is where a kind is declared: AWS::EC2::Instance in ec2_instance.go.
func fileName(k kind.Kind) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(k.Name, "AWS::"), "::", "_"))
}

func parse(t *testing.T, path string) (recording *txtar.Archive, options []string, want *txtar.File) {
	t.Helper()
	recording, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(bytes.TrimSpace(recording.Comment)) == 0 {
		t.Errorf("%s does not say which mistake it guards", path)
	}
	for i, f := range recording.Files {
		switch f.Name {
		case "options":
			options = append([]string{}, strings.Fields(string(f.Data))...)
		case "want.json":
			want = &recording.Files[i]
		}
	}
	if want == nil {
		t.Fatalf("%s has no want.json", path)
	}
	return recording, options, want
}

func TestRecordings(t *testing.T) {
	for _, path := range recordings(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			recording, options, want := parse(t, path)
			d := driver{t: t, kind: recordedKind(t, path), at: site, options: options}
			d.cfg = awstest.Replay(t, recording, site.Region)
			results, _ := d.run("")
			for _, r := range results {
				plain(t, r.Key, r.Resource)
			}
			got := encode(t, results)
			write(t, path, recording, want, got)
			if diff := cmp.Diff(string(want.Data), string(got)); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// write writes what came of a recording into it, if that was asked for.
func write(t *testing.T, path string, recording *txtar.Archive, want *txtar.File, got []byte) {
	t.Helper()
	if !*update {
		return
	}
	want.Data = got
	if err := os.WriteFile(path, txtar.Format(recording), 0o644); err != nil {
		t.Fatal(err)
	}
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// plain requires the types that jq knows: it panics on others, or lets them through.
func plain(t *testing.T, at string, v any) {
	t.Helper()
	switch v := v.(type) {
	case nil, bool, int, float64, string:
	case []any:
		for _, e := range v {
			plain(t, at+"[]", e)
		}
	case map[string]any:
		for k, e := range v {
			plain(t, at+"."+k, e)
		}
	default:
		t.Errorf("%s is a %T", at, v)
	}
}

// partial is a test that replays a part of a recording.
type partial struct{ testing.TB }

func (partial) Cleanup(func()) {}

func TestAListingResumedAtAnyCursorYieldsTheSameRest(t *testing.T) {
	pages := map[string]int{} // by kind, of its longest recording
	for _, path := range recordings(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			recording, options, _ := parse(t, path)
			k := recordedKind(t, path)
			replay := func(cursor string) ([]result, []pageStart) {
				d := driver{t: t, kind: k, at: site, options: options}
				d.cfg = awstest.Replay(partial{t}, recording, site.Region)
				return d.run(cursor)
			}
			all, starts := replay("")
			pages[k.Name] = max(pages[k.Name], len(starts))
			for _, p := range starts[1:] {
				rest, _ := replay(p.cursor)
				want := all[p.items:]
				if diff := cmp.Diff(string(encode(t, want)), string(encode(t, rest))); diff != "" {
					t.Errorf("from %q: -want +got\n%s", p.cursor, diff)
				}
			}
		})
	}
	for _, k := range kinds.All {
		if k.Scope != kind.Hub && pages[k.Name] < 2 {
			t.Errorf("%s: no recording has two pages", k.Name)
		}
	}
}
