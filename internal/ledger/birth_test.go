package ledger_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/ledger"
)

// An account that could not be looked at keeps a claim from before the entity was deleted; another one made
// the entity anew. What is known of the first life says nothing about the second.
func TestOfTwoBirthsTheLaterCountsWhicheverIsJoined(t *testing.T) {
	first := ledger.Birth{Own: ledger.Created, From: 1000, To: 2000}
	again := ledger.Birth{Own: ledger.Created, From: 8000, To: 9000}
	taken := ledger.Birth{Own: ledger.Adopted, From: 5000, To: 5000, Since: 6000}
	ours := ledger.Birth{Own: ledger.Adopted, From: 2500, To: 2500, Since: 6000} // what first created, by Port's other clock
	for _, c := range []struct{ a, b, want ledger.Birth }{
		{first, again, again}, {again, first, again}, {taken, again, again}, {again, taken, again},
		{first, taken, taken}, {first, ours, first}, {ours, first, first}, {ledger.Birth{}, first, first}, {first, ledger.Birth{}, first},
	} {
		got := c.a
		got.Join(c.b)
		if got.Own != c.want.Own || got.From != c.want.From || got.To != c.want.To || got.Since != c.want.Since {
			t.Errorf("%+v joined by %+v is %+v", c.a, c.b, got)
		}
	}
	first, second := ledger.Birth{Own: ledger.Adopted, From: 1, To: 1, Since: 2000}, ledger.Birth{Own: ledger.Adopted, From: 1, To: 1, Since: 3000}
	for _, b := range [][2]ledger.Birth{{first, second}, {second, first}} {
		if b[0].Join(b[1]); b[0].Since != 2000 {
			t.Errorf("adopted twice, it is ours since %d", b[0].Since)
		}
	}
	met := ledger.Birth{Met: 4000}
	met.Join(taken)
	if met.Own != ledger.Adopted || met.Met != 4000 {
		t.Errorf("that somebody met it before it was adopted is forgotten: %+v", met)
	}
}

// sameSpan knows that format 1 did not say when a span ended: then it is as long as can be.
func sameSpan(format int) cmp.Option {
	return cmp.Comparer(func(a, b ledger.Span) bool { // either is of today
		if format == 1 {
			return a.From == b.From && max(a.Until, b.Until) == a.From+20*60*1000
		}
		return a == b
	})
}
