package functions

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/port-aws-sync/port-aws-sync/internal/run"
)

func TestATurnIsWhatTheStateMachineReads(t *testing.T) {
	at := time.Date(2026, 11, 24, 23, 0, 0, 1, time.FixedZone("", 3600))
	for want, p := range map[string]run.Progress{
		`{"more":false}`: {},
		`{"more":true}`:  {More: true},
		`{"more":true,"waitUntil":"2026-11-24T22:00:01Z"}`: {More: true, WaitUntil: at}, // not too early
	} {
		if got, _ := json.Marshal(turn(p)); string(got) != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestAnEventThatLacksWhatItTakesIsRefusedByName(t *testing.T) {
	var f Function // nothing of it is asked
	_, discover := f.Discover(t.Context(), DiscoverEvent{})
	_, sync := f.Sync(t.Context(), SyncEvent{Run: "r"})
	_, sweep := f.Sweep(t.Context(), SweepEvent{Status: "FAILED"})
	for what, err := range map[string]error{"discover": discover, "sync": sync, "sweep": sweep} {
		var coded interface{ Code() string }
		if !errors.As(err, &coded) || coded.Code() != "EventInvalid" {
			t.Errorf("%s: %v", what, err)
		}
	}
}
