package onig_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/onig"
)

// What jq 1.8 answers to match: offset, length and captures of each match.
var answers = []struct{ text, pattern, flags, want string }{
	{"a\nb", `^b`, "", `[]`},
	{"a\nb", `a$`, `s`, `[]`},
	{"a\n", `a$`, "", `[[0,1]]`},
	{"a\n\n", `a$`, "", `[]`},
	{"a\nb", `a.b`, "", `[]`},
	{"a\nb", `a.b`, `m`, `[[0,3]]`},
	{"a\nb", `a.b`, `p`, `[[0,3]]`},
	{"a\nb", `(?s)a.b`, "", `[[0,3]]`},
	{"a\nb", `(?m)^b`, "", `[[2,1]]`},
	{"a\nb", `(?m)a$`, "", `[[0,1]]`},
	{`ab`, `(?i)AB`, "", `[[0,2]]`},
	{`ab`, `(?i:A)b`, "", `[[0,2]]`},
	{`ab`, `a b`, `x`, `[[0,2]]`},
	{`ab`, `(?x) a b # c`, "", `[[0,2]]`},
	{`ab c`, `(?:(?x) a b ) c`, "", `[[0,4]]`},
	{`aab`, `a++b`, "", `[[0,3]]`},
	{`aab`, `(?>a+)b`, "", `[[0,3]]`},
	{`abab`, `(ab)\1`, "", `[[0,4,"ab"]]`},
	{`abab`, `(?<x>ab)\k<x>`, "", `[[0,4,"ab"]]`},
	{`aa`, `(?<x>a)(?<x>a)`, "", `[[0,2,"a","a"]]`},
	{`ab`, `(?<x>a)(b)`, "", `[[0,2,"a","b"]]`},
	{`ab`, `(?'x'a)`, "", `[[0,1,"a"]]`},
	{`abc`, `(?<=a)b`, "", `[[1,1]]`},
	{`abc`, `(?<!a)b`, "", `[]`},
	{`abc`, `b(?=c)`, "", `[[1,1]]`},
	{`landing-zone-x`, `^(?!landing-zone-)`, "", `[]`},
	{`José Müller`, `\w+`, `g`, `[[0,4],[5,6]]`},
	{`é1`, `[[:alpha:]]+`, "", `[[0,1]]`},
	{`नमस्ते दुनिया`, `\w+`, `g`, `[[0,6],[7,6]]`},
	{`٣`, `\d`, "", `[[0,1]]`},
	{"a\u00a0b", `\s`, "", `[[1,1]]`},
	{`½`, `\w`, "", `[[0,1]]`},
	{`½`, `[\w]`, "", `[]`},
	{`½`, `[^\W]`, "", `[]`},
	{`a`, `[\p{Lu}]`, `i`, `[[0,1]]`},
	{`a`, `\p{Lu}`, `i`, `[]`},
	{`$+<-`, `[[:punct:]]+`, "", `[[0,4]]`},
	{`a-b`, `[[:^alpha:]]`, "", `[[1,1]]`},
	{`a]b`, `[^]]+`, "", `[[0,1]]`},
	{`ab&`, `[a&&b]+`, `g`, `[[0,3]]`},
	{`a[b`, `[[]`, "", `[[1,1]]`},
	{`é`, `\p{Latin}`, "", `[[0,1]]`},
	{`é`, `\p{^L}`, "", `[]`},
	{`я`, `\p{cyrillic}`, "", `[[0,1]]`},
	{`é`, `\x{e9}`, "", `[[0,1]]`},
	{`a`, `\141`, "", `[[0,1]]`},
	{`a.b`, `\Qa.b\E`, "", `[[0,3]]`},
	{`aaa`, `a{2,}?`, "", `[[0,2]]`},
	{`a{x}`, `a{x}`, "", `[[0,4]]`},
	{`a`, `a{,2}`, "", `[]`},
	{`aaa`, `a{1,2}+`, "", `[[0,2]]`},
	{`a`, `a**`, "", `[[0,1]]`},
	{`ab`, "", `g`, `[[0,0],[1,0],[2,0]]`},
	{`éb`, "", `g`, `[[0,0],[1,0],[1,0],[2,0]]`},
	{`aéb`, `x*`, `g`, `[[0,0],[1,0],[2,0],[2,0],[3,0]]`},
	{`aéb`, `[^a-z]*`, `g`, `[[0,0],[1,1],[2,0],[3,0]]`},
	{`éé`, `$`, `g`, `[[2,0]]`},
	{`é b`, `\b`, `g`, `[[0,0],[1,0],[1,0],[2,0],[3,0]]`},
	{`aab`, `a*`, `g`, `[[0,2],[2,0],[3,0]]`},
	{`aab`, `a*?`, `g`, `[[0,0],[1,0],[2,0],[3,0]]`},
	{`aab`, `a*`, `gn`, `[[0,2]]`},
	{`abc`, `(a)(x)?`, "", `[[0,1,"a",null]]`},
	{`abc`, `(a)|(b)`, `g`, `[[0,1,"a",null],[1,1,null,"b"]]`},
	{`É`, `é`, `i`, `[[0,1]]`},
	{`Ab`, `[^a]`, `i`, `[[1,1]]`},
	{"\r\n", `\R`, "", `[[0,2]]`},
	{`é-b.c`, `[\w.-]+`, "", `[[0,5]]`},
	{`a1`, `[^\W\d]+`, "", `[[0,1]]`},
	{`b`, `[\b]`, "", `[]`},
	{`ab`, `(?<a-b>a)`, "", `[[0,1,"a"]]`},
	{`ab`, `(?#c)a`, "", `[[0,1]]`},
	{`aé b`, `\B`, `g`, `[[1,0]]`},
	{`a b`, `a\ b`, "", `[[0,3]]`},
	{`x2`, `[a-z&&x]\d`, "", `[[0,2]]`},
}

func TestAPatternFindsWhatItFindsInJq(t *testing.T) {
	for _, c := range answers {
		re, err := onig.Compile(c.pattern, c.flags)
		if err != nil {
			t.Errorf("%q %s: %v", c.pattern, c.flags, err)
			continue
		}
		found := [][]any{}
		err = re.Find(c.text, func(m onig.Match) bool {
			one := []any{m.Offset, m.Length}
			for _, g := range m.Groups {
				if g.Found {
					one = append(one, g.Text)
				} else {
					one = append(one, nil)
				}
			}
			found = append(found, one)
			return true
		})
		got, encodeErr := json.Marshal(found)
		if err != nil || encodeErr != nil || string(got) != c.want {
			t.Errorf("%q in %q, flags %q: %s, want %s (%v)", c.pattern, c.text, c.flags, got, c.want, err)
		}
		if matches, err := re.Test(c.text); err != nil || matches != (c.want != "[]") {
			t.Errorf("%q in %q: test says %t, %v", c.pattern, c.text, matches, err)
		}
	}
}

func TestWhatIsRefusedSaysWhy(t *testing.T) {
	for _, c := range []struct {
		pattern, flags, want string
		unsupported          bool
	}{
		{"(a", "", "( without )", false},
		{"a)", "", "unmatched )", false},
		{"[a", "", "[ without ]", false},
		{"*a", "", "nothing before *", false},
		{"(?=a)*", "", "nothing that a quantifier", false},
		{"[b-a]", "", "the range b-a is empty", false},
		{"a{2,1}", "", "below the lower", false},
		{"(?P<x>a)", "", "write (?<…>)", false},
		{"(?<1>a)", "", "not the name of a group", false},
		{"(?z)a", "", "(?z is not known", false},
		{"[[:foo:]]", "", "[:foo:] is not known", false},
		{"\\p{IsLatin}", "", "is not known", false},
		{"(a)\\2", "", "refers to no group", false},
		{"\\k<x>", "", "refers to no group", false},
		{"a", "gz", "'z' is not a flag", false},
		{"a\\", "", "at the end", false},
		{"a", "l", "the flag l", true},
		{"a\\Kb", "", "look-behind", true},
		{"(?~a)", "", "(?!…)", true},
		{"(a)(?1)", "", "write the pattern out", true},
		{"(?<x>a)\\g<x>", "", "write the pattern out", true},
		{strings.Repeat("(", 300) + strings.Repeat(")", 300), "", "nested too deep", false},
	} {
		_, err := onig.Compile(c.pattern, c.flags)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.20q: %v, want %s", c.pattern, err, c.want)
			continue
		}
		if _, is := errors.AsType[*onig.UnsupportedError](err); is != c.unsupported {
			t.Errorf("%.20q: unsupported is %t: %v", c.pattern, is, err)
		}
	}
}

func TestASearchThatDoesNotEndIsEnded(t *testing.T) {
	re, err := onig.Compile("^(a+)+$", "")
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if _, err := re.Test(strings.Repeat("a", 64) + "b"); !errors.Is(err, onig.ErrTimeout) {
		t.Error(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Error(took)
	}
}

// Whatever the pattern and the text: no panic, and an end.
func FuzzFind(f *testing.F) {
	for _, c := range answers {
		f.Add(c.text, c.pattern, c.flags)
	}
	f.Fuzz(func(t *testing.T, text, pattern, flags string) {
		stuck := time.AfterFunc(10*time.Second, func() {
			panic(fmt.Sprintf("no end: %q in %q, flags %q", pattern, text, flags))
		})
		defer stuck.Stop()
		re, err := onig.Compile(pattern, flags)
		if err != nil {
			return
		}
		last, length := -1, len([]rune(text))
		_ = re.Find(text, func(m onig.Match) bool {
			if m.Offset < last || m.Offset+m.Length > length {
				t.Errorf("a match at %d of %d characters, behind %d", m.Offset, m.Length, last)
			}
			last = m.Offset
			return true
		})
	})
}
