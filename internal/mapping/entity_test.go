package mapping_test

import (
	"math/big"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/mapping"
)

func entity(body map[string]any, unread ...string) mapping.Entity {
	body["identifier"] = "i"
	return mapping.Entity{Blueprint: "b", Identifier: "i", Body: body, Unread: unread}
}

type m = map[string]any

func TestMergeTakesTheLaterValueOfEveryKey(t *testing.T) {
	first := entity(m{"title": "one", "team": []any{"x", "y"}, "properties": m{"a": 1, "same": 2, "was": "x"}})
	second := entity(m{"title": "two", "team": []any{"y", "x", "y"}, "properties": m{"b": nil,
		"same": 2.0, "was": nil},
		"relations": m{"r": "t"}})
	third := entity(m{"properties": m{"was": "z"}, "relations": m{"r": []any{"t"}}})
	got, conflicts := mapping.Merge([]mapping.Entity{first, second, third})
	want := entity(m{"title": "two", "team": []any{"y", "x", "y"},
		"properties": m{"a": 1, "b": nil, "same": 2.0, "was": "z"}, "relations": m{"r": []any{"t"}}})
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	wantConflicts := []mapping.Conflict{
		{Path: "properties.was", First: 0, Last: 1},
		{Path: "title", First: 0, Last: 1},
		{Path: "properties.was", First: 1, Last: 2},
		{Path: "relations.r", First: 1, Last: 2},
	}
	if diff := gocmp.Diff(wantConflicts, conflicts); diff != "" {
		t.Error(diff)
	}
	if diff := gocmp.Diff(m{"a": 1, "same": 2, "was": "x"}, first.Body["properties"]); diff != "" {
		t.Error("the merged entity was changed:", diff)
	}
}

func TestMergeKeepsUnreadWhatNobodySupplies(t *testing.T) {
	first := entity(m{"properties": m{"a": 1}}, "properties.b", "properties.c", "title")
	second := entity(m{"properties": m{"c": nil}}, "properties.a", "properties.b", "relations.r")
	for _, order := range [][]mapping.Entity{{first, second}, {second, first}} {
		got, conflicts := mapping.Merge(order)
		want := entity(m{"properties": m{"a": 1, "c": nil}}, "properties.b", "relations.r", "title")
		if diff := gocmp.Diff(want, got); diff != "" || conflicts != nil {
			t.Error(conflicts, diff)
		}
	}
	alone, _ := mapping.Merge([]mapping.Entity{first})
	if diff := gocmp.Diff(first, alone); diff != "" {
		t.Error(diff)
	}
}

func TestEncodeWritesSortedKeysAndPlainText(t *testing.T) {
	big, _ := new(big.Int).SetString("18446744073709551616", 10)
	body, _, err := entity(m{"title": "<&>é", "properties": m{"z": 1.0, "a": big}}).Encode()
	want := `{"identifier":"i","properties":{"a":18446744073709551616,"z":1},"title":"<&>é"}`
	if string(body) != want || err != nil {
		t.Errorf("%s %v", body, err)
	}
	if _, _, err := entity(m{"title": make(chan int)}).Encode(); err == nil {
		t.Error("what is no JSON is encoded")
	}
}

func TestHashesAreEqualWhereNothingIsToBeWritten(t *testing.T) {
	for name, pair := range map[string][2]mapping.Entity{
		"a team and a list of it": {entity(m{"team": "x"}), entity(m{"team": []any{"x"}})},
		"a team in another order": {entity(m{"team": []any{"b", "a"}}), entity(m{"team": []any{"a",
			"b", "a"}})},
		"an integer written as a real": {entity(m{"properties": m{"a": 1}}), entity(m{"properties": m{"a": 1.0}})},
		"notes": {entity(m{}),
			{Body: m{"identifier": "i"}, Notes: []mapping.Note{{Path: "x"}}}},
	} {
		if hash(t, pair[0]) != hash(t, pair[1]) {
			t.Errorf("%s: hashes differ", name)
		}
	}
	body, _, _ := entity(m{"team": "x"}).Encode()
	if string(body) != `{"identifier":"i","team":"x"}` {
		t.Errorf("the team is sent as %s", body)
	}
}

func TestHashesDifferWhereSomethingIsToBeWritten(t *testing.T) {
	seen := map[mapping.Hash]int{}
	for i, e := range []mapping.Entity{
		entity(m{}), entity(m{}, "title"), entity(m{}, "title", "team"), entity(m{}, "titleteam"),
		entity(m{"title": nil}), entity(m{"title": "x"}), entity(m{"team": nil}), entity(m{"team": "x"}),
		entity(m{"team": []any{}}), entity(m{"team": []any{"x", "y"}}),
		entity(m{"properties": m{"a": []any{"x", "y"}}}), entity(m{"properties": m{"a": []any{"y", "x"}}}),
	} {
		h := hash(t, e)
		if j, again := seen[h]; again {
			t.Errorf("entities %d and %d have one hash", j, i)
		}
		seen[h] = i
	}
}

func hash(t *testing.T, e mapping.Entity) mapping.Hash {
	t.Helper()
	_, h, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Port's pattern without its look-ahead, which RE2 lacks.
var portsPattern = regexp.MustCompile(`^[\p{L}0-9@_.+:\\/=-]+$`)

func TestIdentifiersAreWhatPortTakes(t *testing.T) {
	b := blockOf(t, "")
	sent := func(id string) (string, bool) {
		t.Helper()
		got := b.Map(t.Context(), m{"Id": id}, nil)
		if got.Err != nil {
			t.Fatal(got.Err)
		}
		e := got.Entities[0]
		return e.Identifier, len(e.Notes) == 1 && e.Notes[0].Encoded && e.Notes[0].Path == "identifier"
	}
	seen := map[string]string{}
	long := strings.Repeat("ä", 1000)
	for id, changed := range map[string]bool{
		"arn:aws:ec2:eu-west-1:012200330044:instance/i-0aa11": false,
		`a\b@c_d.e+f=g`: false, "Zoë": false, "日本": false, "...": false, long: false,
		long + "a": true, long + "b": true, ".": true, "..": true, " ": true, "#": true, "##": true, "🚀": true,
		"a b": true, "a  b": true, "a_b ": true, " a_b": true, "a#b": true, "a\xffb": true, "a\x00b": true,
		"a\n":           true,
		"/aws/lambda/*": true, "e\u0301": true, "१": true, strings.Repeat("a ", 1000): true,
	} {
		got, noted := sent(id)
		switch {
		case !portsPattern.MatchString(got) || got == "." || got == ".." || utf8.RuneCountInString(got) > 1000:
			t.Errorf("%.20q is sent as %.40q, which Port does not take", id, got)
		case changed != (got != id) || changed != noted:
			t.Errorf("%.20q is sent as %.40q, noted %t", id, got, noted)
		}
		if other, again := seen[got]; again {
			t.Errorf("%.20q and %.20q are both sent as %q", id, other, got)
		}
		seen[got] = id
		if twice, _ := sent(got); twice != got {
			t.Errorf("%.20q is sent as %q, and that as %q", id, got, twice)
		}
	}
	if got, _ := sent("Sandbox #4 (EU)"); got != "Sandbox_4_EU_4e3d98a6" {
		t.Error(got, "is not what it was in earlier runs")
	}
}
