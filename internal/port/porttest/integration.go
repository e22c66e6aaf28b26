package porttest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"
)

// integration is one exporter as Port knows it.
type integration struct {
	fields    obj // as sent at registration and by patches
	resync    obj // resync-state, with its updatedAt
	requested time.Time
	updated   time.Time
	told      Told
}

// What a caller may patch, and the states of a resync.
var (
	patchable = []string{
		"title", "installationAppType", "version", "spec", "config", "changelogDestination",
		"actionsProcessingEnabled",
		"incrementalSyncEnabled", "arePortResourcesInitialized", "processingMode",
	}
	// registrable is what a registration may have beside what identifies it.
	registrable = []string{
		"installationId", "installationAppType", "version", "title", "changelogDestination", "config", "spec",
		"actionsProcessingEnabled", "incrementalSyncEnabled", "createPortResourcesOrigin", "processingMode",
	}
	origins = []any{"Empty", "Ocean", "Default", "Port"}
	modes   = []any{"ocean-core", "dsp"}
	// intervalInMinuets is misspelled on Port's wire.
	resyncKeys   = []string{"status", "lastResyncStart", "lastResyncEnd", "nextResync", "intervalInMinuets"}
	resyncStates = []any{"running", "completed", "failed", "aborted"}
)

func (s *Server) createIntegration(c *call) (answer, error) {
	it, err := newIntegration(c.in, c.now)
	if err != nil {
		return answer{}, err
	}
	id := c.in["installationId"].(string)
	if s.integrations[id] != nil {
		return answer{}, refuse(409, "conflict", "Integration with identifier %q already exists", id)
	}
	s.integrations[id] = it
	return ok(obj{"integration": it.json(c.r)})
}

func newIntegration(in obj, now time.Time) (*integration, error) {
	for _, k := range []string{"installationId", "installationAppType", "version"} {
		if v, _ := in[k].(string); v == "" {
			return nil, malformed("body must have a non-empty string %q", k)
		}
	}
	if err := onlyKeys(in, registrable); err != nil {
		return nil, err
	}
	if origin, given := in["createPortResourcesOrigin"]; given && !slices.Contains(origins, origin) {
		return nil, malformed("body/createPortResourcesOrigin must be one of %v", origins)
	}
	fields := obj{"installationType": "OnPrem", "config": obj{}, "changelogDestination": obj{}}
	maps.Copy(fields, in)
	return &integration{fields: fields, resync: obj{}, updated: now}, nil
}

// json is the integration as answered; the ingest addresses are on the host that was asked.
func (it *integration) json(r *http.Request) obj {
	out := maps.Clone(it.fields)
	id := out["installationId"].(string)
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	base := fmt.Sprintf("%s://%s/ingest", scheme, r.Host)
	maps.Copy(out, obj{
		"_id":              "integration_" + id,
		"identifier":       id,
		"resyncState":      maps.Clone(it.resync),
		"statusInfo":       obj{"updatedAt": stamp(it.updated)},
		"updatedAt":        stamp(it.updated),
		"logAttributes":    obj{"ingestId": id, "ingestUrl": base + "/logs/" + id},
		"metricAttributes": obj{"ingestId": id, "ingestUrl": base + "/metrics/" + id},
		"ingestAttributes": obj{"ingestUrl": base},
	})
	return out
}

func (s *Server) integration(c *call) (*integration, error) {
	id := c.r.PathValue("id")
	if it := s.integrations[id]; it != nil {
		return it, nil
	}
	return nil, notFound("Integration", id)
}

func (s *Server) readIntegration(c *call) (answer, error) {
	it, err := s.integration(c)
	if err != nil {
		return answer{}, err
	}
	return ok(obj{"integration": it.json(c.r)})
}

// patchIntegration also asks for a resync where the body is empty or holds a config, as Port documents.
func (s *Server) patchIntegration(c *call) (answer, error) {
	it, err := s.integration(c)
	if err != nil {
		return answer{}, err
	}
	if err := onlyKeys(c.in, patchable); err != nil {
		return answer{}, err
	}
	if err := it.patch(c.in, c.now); err != nil {
		return answer{}, err
	}
	if _, config := c.in["config"]; config || len(c.in) == 0 {
		it.requested = c.now
	}
	return ok(obj{"integration": it.json(c.r)})
}

func (s *Server) patchConfig(c *call) (answer, error) {
	it, err := s.integration(c)
	if err != nil {
		return answer{}, err
	}
	if err := onlyKeys(c.in, []string{"config"}); err != nil {
		return answer{}, err
	}
	if err := it.patch(c.in, c.now); err != nil {
		return answer{}, err
	}
	if c.r.Header.Get("X-Skip-Resync") != "true" {
		it.requested = c.now
	}
	return ok(obj{"integration": it.json(c.r)})
}

func (it *integration) patch(in obj, now time.Time) error {
	if config, given := in["config"]; given {
		if _, isObj := config.(obj); !isObj {
			return malformed("body/config must be object")
		}
	}
	if mode, given := in["processingMode"]; given && !slices.Contains(modes, mode) {
		return malformed("body/processingMode must be one of %v", modes)
	}
	fields := maps.Clone(it.fields)
	maps.Copy(fields, in)
	it.fields, it.updated = fields, now
	return nil
}

func (s *Server) patchResyncState(c *call) (answer, error) {
	it, err := s.integration(c)
	if err != nil {
		return answer{}, err
	}
	if err := onlyKeys(c.in, resyncKeys); err != nil {
		return answer{}, err
	}
	if status, given := c.in["status"]; given && !slices.Contains(resyncStates, status) {
		return answer{}, malformed("body/status must be one of %v", resyncStates)
	}
	maps.Copy(it.resync, c.in)
	it.resync["updatedAt"] = stamp(c.now)
	return ok(obj{"integration": it.json(c.r)})
}

func (s *Server) readResyncRequest(c *call) (answer, error) {
	it, err := s.integration(c)
	if err != nil {
		return answer{}, err
	}
	if it.requested.IsZero() {
		return ok(obj{"request": nil})
	}
	return ok(obj{"request": obj{"updatedAt": stamp(it.requested)}})
}

func onlyKeys(in obj, known []string) error {
	for _, k := range sortedKeys(in) {
		if !slices.Contains(known, k) {
			return malformed("body must NOT have additional property %q", k)
		}
	}
	return nil
}
