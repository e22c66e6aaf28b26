package ledger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

func TestSummaryAddsUp(t *testing.T) {
	var s ledger.Summary
	if s.Total() != 0 || s.Written() != 0 {
		t.Error("an empty summary counts something")
	}
	one := ledger.Writes{Created: 1, Updated: 2, Unchanged: 4, Refused: 8, Failed: 16}
	s.AddWrites(map[string]*ledger.Writes{"a": &one})
	s.AddWrites(map[string]*ledger.Writes{"a": &one, "b": &one})
	two := ledger.Writes{Created: 2, Updated: 4, Unchanged: 8, Refused: 16, Failed: 32}
	if diff := cmp.Diff(map[string]ledger.Writes{"a": two, "b": one}, s.Writes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	s.Entries = map[string]int{"a": 3, "b": 4}
	if s.Total() != 7 || s.Written() != 9 {
		t.Errorf("%d entries, %d written", s.Total(), s.Written())
	}
}
