package access_test

import (
	"testing"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
)

func TestTheCauseOfAFailedTaskIsToldAsItsMessage(t *testing.T) {
	for cause, want := range map[string]string{
		`{"errorMessage":"run a holds the lock","errorType":"RunBusy"}`: "run a holds the lock",
		"The item reader failed": "The item reader failed",
	} {
		if got := access.Cause(cause); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
