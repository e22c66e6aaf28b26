package port_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/port-aws-sync/port-aws-sync/internal/port"
)

// sized makes entities of exactly so many bytes, in letters of two bytes each.
func sized(bytes ...int) []json.RawMessage {
	var all []json.RawMessage
	for _, n := range bytes {
		head := `{"identifier":"x","title":"`
		rest := n - len(head) - len(`"}`)
		title := strings.Repeat("é", rest/2) + strings.Repeat("e", rest%2)
		all = append(all, json.RawMessage(head+title+`"}`))
	}
	return all
}

func TestBatchesByExactBytes(t *testing.T) {
	const room = port.MaxBody - len(`{"entities":[]}`)
	many := make([]int, 21)
	for i := range many {
		many[i] = 100
	}
	tests := []struct {
		name     string
		sizes    []int
		want     [][]int
		tooLarge int
	}{
		{"mixed sizes", []int{400_000, 400_000, 400_000, 1_200_000},
			[][]int{{400_000, 400_000}, {400_000}}, 1},
		{"the last byte counts", []int{room}, [][]int{{room}}, 0},
		{"one byte more is too large", []int{room + 1}, nil, 1},
		{"the comma counts", []int{room - 101, 100}, [][]int{{room - 101, 100}}, 0},
		{"the comma does not fit", []int{room - 100, 100}, [][]int{{room - 100}, {100}}, 0},
		{"twenty, whatever their size", many, [][]int{many[:20], many[:1]}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var batch port.Batch
			var got [][]int
			take := func() {
				var sizes []int
				for _, e := range batch.Take() {
					sizes = append(sizes, len(e))
				}
				got = append(got, sizes)
			}
			tooLarge := 0
			for _, e := range sized(tt.sizes...) {
				var large *port.TooLargeError
				if errors.As(port.Fits(e), &large) {
					tooLarge++
					continue
				}
				if !batch.Add(e) {
					take()
					if !batch.Add(e) {
						t.Fatal("no room in an empty batch")
					}
				}
			}
			if batch.Len() > 0 {
				take()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || tooLarge != tt.tooLarge {
				t.Errorf("%d too large, batches (-want +got):\n%s", tooLarge, diff)
			}
		})
	}
}
