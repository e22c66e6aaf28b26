package spelling_test

import (
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/spelling"
)

func TestTheNearestNameTakesTheFewestLetters(t *testing.T) {
	names := []string{"strftime", "strptime", "length", "Ähnlich"}
	for name, want := range map[string]struct {
		near  string
		apart int
	}{
		"strptim": {"strptime", 1}, "strfime": {"strftime", 1}, "Length": {"length", 0},
		"lenght": {"length", 2}, "": {"length", 6}, "ähnlich": {"Ähnlich", 0},
	} {
		if near, apart := spelling.Nearest(names, name); near != want.near || apart != want.apart {
			t.Errorf("%s: %s, %d apart; want %+v", name, near, apart, want)
		}
	}
	if near, _ := spelling.Nearest(nil, "length"); near != "" {
		t.Error(near)
	}
}
