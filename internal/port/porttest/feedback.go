package porttest

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Told is what an integration has told of its runs.
type Told struct {
	Logs  []map[string]any          // in the order of their arrival
	Syncs map[string]map[string]any // the last of each part of a resync, by "<event>/<kindIdentifier>"
	Beats []string                  // events
}

// Told is what an integration has told so far.
func (s *Server) Told(identifier string) Told {
	s.mu.Lock()
	defer s.mu.Unlock()
	it := s.integrations[identifier]
	if it == nil {
		return Told{}
	}
	return Told{slices.Clone(it.told.Logs), maps.Clone(it.told.Syncs), slices.Clone(it.told.Beats)}
}

// logLevels are those that Port's log route knows.
var logLevels = []any{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}

func (s *Server) takeLogs(c *call) (answer, error) {
	it, err := s.integration(c)
	if err != nil {
		return answer{}, err
	}
	logs, _ := c.in["logs"].([]any)
	if len(logs) == 0 {
		return answer{}, malformed("body/logs must be a non-empty array")
	}
	for i, v := range logs {
		record, _ := v.(obj)
		message, _ := record["message"].(string)
		at, _ := record["timestamp"].(string)
		_, extra := record["extra"].(obj)
		extra = extra || record["extra"] == nil
		if _, err := time.Parse(time.RFC3339Nano, at); err != nil || !strings.HasSuffix(at, "Z") || !extra ||
			message == "" || !slices.Contains(logLevels, record["level"]) {
			return answer{}, malformed("body/logs/%d needs message, level and timestamp in UTC", i)
		}
		it.told.Logs = append(it.told.Logs, record)
	}
	s.stats.Logs += len(logs)
	return ok(obj{})
}

// syncStates are those of a part of a resync.
var syncStates = []any{"pending", "syncing", "completed", "failed", "aborted"}

// syncTexts are what a part of a resync says of itself in words, not empty but for the blueprint.
var syncTexts = []string{
	"integrationType", "installationType", "executionMode", "integrationIdentifier", "integrationVersion", "oceanVersion",
	"kindIdentifier", "kind", "eventId",
}

func (it *integration) sync(v any) error {
	m, _ := v.(obj)
	for _, name := range syncTexts {
		if text, _ := m[name].(string); text == "" {
			return malformed("a sync metric must have a non-empty string %q", name)
		}
	}
	_, index := m["kindIndex"].(float64)
	_, blueprint := m["blueprint"].(string)
	metrics, _ := m["metrics"].(obj)
	_, phases := metrics["phase"].(obj)
	if !index || !blueprint || !phases || !slices.Contains(syncStates, m["syncState"]) {
		return malformed("a sync metric must have kindIndex, blueprint, metrics.phase and a syncState of %v", syncStates)
	}
	if it.told.Syncs == nil {
		it.told.Syncs = map[string]map[string]any{}
	}
	it.told.Syncs[m["eventId"].(string)+"/"+m["kindIdentifier"].(string)] = m
	return nil
}

func (s *Server) takeSyncs(c *call) (answer, error) {
	it, err := s.integration(c)
	if err != nil {
		return answer{}, err
	}
	parts, _ := c.in["syncKindsMetrics"].([]any)
	if len(parts) == 0 {
		return answer{}, malformed("body/syncKindsMetrics must be a non-empty array")
	}
	for _, v := range parts {
		if err := it.sync(v); err != nil {
			return answer{}, err
		}
	}
	s.stats.Metrics++
	return ok(obj{})
}

func (s *Server) takeSync(c *call) (answer, error) {
	it, err := s.integration(c)
	if err != nil {
		return answer{}, err
	}
	m, _ := c.in["syncKindMetrics"].(obj)
	if m["eventId"] != c.r.PathValue("event") || m["kindIdentifier"] != c.r.PathValue("kind") {
		return answer{}, malformed("body/syncKindMetrics is of another event or kind than the address")
	}
	s.stats.Metrics++
	if err := it.sync(m); err != nil {
		return answer{}, err
	}
	return ok(obj{})
}

func (s *Server) takeBeat(c *call) (answer, error) {
	it, err := s.integration(c)
	if err != nil {
		return answer{}, err
	}
	event, _ := c.in["eventId"].(string)
	if event == "" {
		return answer{}, malformed("body/eventId must be a non-empty string")
	}
	it.told.Beats = append(it.told.Beats, event)
	s.stats.Metrics++
	return ok(obj{})
}
