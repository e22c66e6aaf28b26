package port

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// OceanCore is the processing mode of an integration that maps and writes itself. In the other one, dsp, Port
// waits for raw data that we do not send.
const OceanCore = "ocean-core"

// Register makes our integration, with a mapping or {}. One that is there already, be it that somebody was
// quicker or that the answer to our first sending was lost, is returned as it is.
func (c *Client) Register(ctx context.Context, config json.RawMessage) (Integration, error) {
	body, err := json.Marshal(map[string]any{
		"installationId":            c.identifier,
		"installationAppType":       c.kind,
		"version":                   c.version,
		"changelogDestination":      struct{}{},
		"config":                    config,
		"actionsProcessingEnabled":  false,
		"incrementalSyncEnabled":    false,
		"createPortResourcesOrigin": "Default", // Ocean empties the mapping where it finds Empty
	})
	if err != nil {
		return Integration{}, fmt.Errorf("encode integration: %w", err)
	}
	// One sending: a second one after a lost answer would be told of a conflict, which is no news.
	made, err := c.integration(ctx, request{route: "POST /v1/integration", body: body, once: true})
	if err == nil || errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrForbidden) {
		return made, err
	}
	there, again := c.Integration(ctx)
	if again != nil {
		return Integration{}, errors.Join(err, again)
	}
	return there, nil
}

// Correction is what of an integration is to change; what is zero stays.
type Correction struct {
	Type           string `json:"installationAppType,omitempty"`
	Version        string `json:"version,omitempty"`
	ProcessingMode string `json:"processingMode,omitempty"`
	Initialized    bool   `json:"arePortResourcesInitialized,omitempty"`
}

// Differs is what of an integration is not as we would register it.
func (c *Client) Differs(in Integration) (d Correction) {
	if in.Type != c.kind {
		d.Type = c.kind
	}
	if in.Version != c.version {
		d.Version = c.version
	}
	// Of one that Port does not tell we cannot know whether it differs: writing it in every run would ask
	// for a resync in every run.
	if in.ProcessingMode != OceanCore && (in.ProcessingMode != "" || d != Correction{}) {
		d.ProcessingMode = OceanCore
	}
	return d
}

// Correct changes our integration. Port documents an empty change as a request to resync, so there is
// none: an empty Correction is not sent.
func (c *Client) Correct(ctx context.Context, d Correction) (Integration, error) {
	if d == (Correction{}) {
		return Integration{}, errors.New("PATCH /v1/integration/{id}: nothing to change")
	}
	body, err := json.Marshal(d)
	if err != nil {
		return Integration{}, fmt.Errorf("encode correction: %w", err)
	}
	return c.integration(ctx, request{route: "PATCH /v1/integration/{id}", id: c.identifier, body: body})
}

// SetConfig gives our integration another mapping, without a request to resync.
func (c *Client) SetConfig(ctx context.Context, config json.RawMessage) (Integration, error) {
	body, err := json.Marshal(map[string]any{"config": config})
	if err != nil {
		return Integration{}, fmt.Errorf("encode config: %w", err)
	}
	return c.integration(ctx, request{
		route: "PATCH /v1/integration/{id}/config", id: c.identifier, body: body,
		header: map[string]string{"X-Skip-Resync": "true"},
	})
}

// ResyncRequest is when somebody last asked for a resync, by Port's button or by changing the mapping, on
// Port's clock; zero if nobody ever has, or there is no integration. The route is Ocean's; Port does not
// document it.
func (c *Client) ResyncRequest(ctx context.Context) (time.Time, error) {
	var out struct{ Request struct{ UpdatedAt time.Time } }
	_, err := c.call(ctx, request{route: "GET /v1/integration/{id}/resync-request", id: c.identifier}, &out)
	if errors.Is(err, ErrNotFound) {
		err = nil
	}
	return out.Request.UpdatedAt, err
}
