package port

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Log is one line of an integration's log in Port. Level is DEBUG, INFO, WARNING, ERROR or CRITICAL.
type Log struct {
	Level, Message string
	Time           time.Time
	Extra          map[string]any // what Port's page of logs filters by, such as event_id and resource_kind
}

// SendLogs adds lines to our integration's log, at the address that the integration names. They are sent
// once: no line is worth waiting for.
func (c *Client) SendLogs(ctx context.Context, to string, lines []Log) error {
	records := make([]map[string]any, len(lines))
	for i, l := range lines {
		extra := l.Extra
		if extra == nil {
			extra = map[string]any{}
		}
		records[i] = map[string]any{
			"message": l.Message, "level": l.Level, "timestamp": l.Time.UTC().Format("2006-01-02T15:04:05.000000Z"),
			"extra": extra,
		}
	}
	return c.tell(ctx, "POST /logs", to, map[string]any{"logs": records})
}

// KindSync is how far the sync of one block of the mapping is, as Port shows it in the list of a resync.
type KindSync struct {
	Event     string // identifies the resync
	Kind      string // of the block; __runtime__ and __reconciliation__ are the run as a whole, and its deletes
	Index     int    // of the block
	State     string // pending, syncing, completed, failed or aborted
	Blueprint string // as the mapping has it
	Took      time.Duration
	Extracted int // resources read
	Unread    int // and those that could not be
	Mapped    int // entities they gave
	Loaded    int // entities that Port has as they are
	Refused   int // entities that Port did not take
	Deleted   int
}

// name is what Port tells blocks apart by.
func (k KindSync) name() string {
	if strings.HasPrefix(k.Kind, "__") {
		return k.Kind
	}
	return fmt.Sprintf("%s-%d", k.Kind, k.Index)
}

func (c *Client) metrics(k KindSync) map[string]any {
	counts := func(of map[string]int) map[string]any {
		all := map[string]any{}
		for name, n := range of {
			all[name] = map[string]int{"object_count": n}
		}
		return map[string]any{"object_count_type": all}
	}
	success := 0
	if k.State == "completed" {
		success = 1
	}
	return map[string]any{
		"integrationType": c.kind, "installationType": "OnPrem", "executionMode": "single_process",
		"integrationIdentifier": c.identifier, "integrationVersion": c.version, "oceanVersion": c.version,
		"kindIdentifier": k.name(), "kind": k.Kind, "kindIndex": k.Index, "eventId": k.Event, "syncState": k.State,
		"blueprint": k.Blueprint,
		"metrics": map[string]any{"phase": map[string]any{
			"resync":    map[string]any{"duration_seconds": k.Took.Seconds(), "success": success},
			"extract":   counts(map[string]int{"raw_extracted": k.Extracted, "failed": k.Unread}),
			"transform": counts(map[string]int{"transformed": k.Mapped, "filtered_out": 0, "failed": 0}),
			"load":      counts(map[string]int{"loaded": k.Loaded, "failed": k.Refused, "skipped": 0}),
			"delete":    counts(map[string]int{"deleted": k.Deleted}),
		}},
	}
}

// BeginSyncs shows the parts of a resync, at the address that the integration names for metrics.
func (c *Client) BeginSyncs(ctx context.Context, to string, parts []KindSync) error {
	all := make([]map[string]any, len(parts))
	for i, k := range parts {
		all[i] = c.metrics(k)
	}
	return c.tell(ctx, "POST /syncMetrics", to+"/syncMetrics", map[string]any{"syncKindsMetrics": all})
}

// ShowSync shows what became of one part.
func (c *Client) ShowSync(ctx context.Context, to string, k KindSync) error {
	to += "/syncMetrics/resync/" + url.PathEscape(k.Event) + "/kind/" + url.PathEscape(k.name())
	return c.tell(ctx, "PUT /syncMetrics/resync/kind", to, map[string]any{"syncKindMetrics": c.metrics(k)})
}

// Beat says that a resync is still at work.
func (c *Client) Beat(ctx context.Context, to, event string) error {
	return c.tell(ctx, "POST /heartbeat", to+"/heartbeat", map[string]any{"eventId": event})
}

// tell sends something once to an address that Port has named. It carries our token, so it goes nowhere
// that others could read along.
func (c *Client) tell(ctx context.Context, route, to string, body any) error {
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "https" && u.Scheme+"://"+u.Host != c.base {
		return fmt.Errorf("%s: %q is no address that a token may be sent to", route, to)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("%s: %w", route, err)
	}
	ctx = context.WithValue(ctx, counter{}, nil) // nobody's work waits for it, so it counts for none
	_, err = c.call(ctx, request{route: route, url: to, body: text, once: true}, nil)
	return err
}
