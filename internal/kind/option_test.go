package kind_test

import (
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/kind"
)

func TestTheNearestOptionIsTheOneMeant(t *testing.T) {
	k := kind.Kind{
		Enrich:   []kind.Enrich{{}, {Option: "ListQueueTagsAction"}},
		Defaults: []string{"GetQueueAttributesAction", "ListQueuesAction"},
	}
	for option, want := range map[string]string{
		"GetQueueTagsAction": "ListQueueTagsAction", "listqueues": "ListQueuesAction",
		"GetQueueAttributeAction": "GetQueueAttributesAction",
	} {
		if got := k.Nearest(option); got != want {
			t.Errorf("%s: got %s, want %s", option, got, want)
		}
	}
	if got := (kind.Kind{}).Nearest("ListQueuesAction"); got != "" {
		t.Errorf("a kind without options offers %s", got)
	}
}
