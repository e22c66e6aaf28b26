package port

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// Organization is whose catalog the credentials open.
type Organization struct{ ID, Name string }

// Organization asks for it. Its ID is never empty.
func (c *Client) Organization(ctx context.Context) (Organization, error) {
	var out struct{ Organization Organization }
	r := request{route: "GET /v1/organization"}
	if _, err := c.call(ctx, r, &out); err != nil {
		return Organization{}, err
	}
	if out.Organization.ID == "" {
		return Organization{}, fmt.Errorf("%s: organization.id: %w", r.route, ErrNotAnswered)
	}
	return out.Organization, nil
}

// Integration is what Port keeps of an integration. Times are on Port's clock, zero where Port has
// none.
type Integration struct {
	Identifier, Type, Version string
	Config                    json.RawMessage // the mapping; {} while Port is setting it up, never empty
	UpdatedAt                 time.Time
	ProcessingMode            string // who maps: ocean-core is the integration itself; "" = Port does not say
	Origin                    string // createPortResourcesOrigin: Port where Port itself provides the mapping
	Initialized               bool   // its default resources have been created
	Logs, Metrics             string // the addresses that take them; "" = Port names none

	ResyncStatus    string // as last set by SetResyncState, ours or another writer's
	ResyncUpdatedAt time.Time
	// Start of the last run that was announced and end of the last that was told, by the writers' clocks.
	ResyncStart, ResyncEnd time.Time
}

// integration is Port's JSON of one.
type integration struct {
	InstallationID, InstallationAppType, Version string
	Config                                       json.RawMessage
	UpdatedAt                                    time.Time
	ProcessingMode, CreatePortResourcesOrigin    string
	ArePortResourcesInitialized                  bool
	LogAttributes, MetricAttributes              struct{ IngestURL string }
	ResyncState                                  struct {
		Status                                    string
		UpdatedAt, LastResyncStart, LastResyncEnd time.Time
	}
}

func (in integration) public() Integration {
	return Integration{
		Identifier:      in.InstallationID,
		Type:            in.InstallationAppType,
		Version:         in.Version,
		Config:          in.Config,
		UpdatedAt:       in.UpdatedAt,
		ProcessingMode:  in.ProcessingMode,
		Origin:          in.CreatePortResourcesOrigin,
		Initialized:     in.ArePortResourcesInitialized,
		Logs:            in.LogAttributes.IngestURL,
		Metrics:         in.MetricAttributes.IngestURL,
		ResyncStatus:    in.ResyncState.Status,
		ResyncUpdatedAt: in.ResyncState.UpdatedAt,
		ResyncStart:     in.ResyncState.LastResyncStart,
		ResyncEnd:       in.ResyncState.LastResyncEnd,
	}
}

// Integration reads ours; ErrNotFound if it is not registered.
func (c *Client) Integration(ctx context.Context) (Integration, error) {
	return c.integration(ctx, request{route: "GET /v1/integration/{id}", id: c.identifier})
}

// integration sends a request whose answer is the integration as it then is.
func (c *Client) integration(ctx context.Context, r request) (Integration, error) {
	var out struct{ Integration integration }
	if _, err := c.call(ctx, r, &out); err != nil {
		return Integration{}, err
	}
	if out.Integration.Config == nil {
		return Integration{}, fmt.Errorf("%s: integration.config: %w", r.route, ErrNotAnswered)
	}
	return out.Integration.public(), nil
}

// ResyncState is what Port's page of the integration shows about its runs.
type ResyncState struct {
	Status   string        // running; completed, failed or aborted
	At       time.Time     // when the run began (running) or ended
	Next     time.Time     // of the next run; zero: not known
	Interval time.Duration // between runs, in whole minutes; zero: none
}

// SetResyncState shows that a run has begun or ended. The route is Ocean's; Port does not document it.
func (c *Client) SetResyncState(ctx context.Context, s ResyncState) error {
	state := map[string]any{
		"status":            s.Status,
		"nextResync":        nil,
		"intervalInMinuets": nil, // Port's spelling
	}
	if s.Status == "running" {
		state["lastResyncStart"], state["lastResyncEnd"] = stamp(s.At), nil
	} else {
		state["lastResyncEnd"] = stamp(s.At)
	}
	if !s.Next.IsZero() {
		state["nextResync"] = stamp(s.Next)
	}
	if s.Interval > 0 {
		state["intervalInMinuets"] = int(s.Interval.Minutes())
	}
	body, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("encode resync state: %w", err)
	}
	// Setting it twice is setting it once, so this PATCH is sent again like any other request.
	r := request{route: "PATCH /v1/integration/{id}/resync-state", id: c.identifier, body: body}
	_, err = c.call(ctx, r, nil)
	return err
}

// stamp writes a time as Port does; empty for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}
