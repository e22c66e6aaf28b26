// Package porttest is a Port in memory that enforces Port's rules, so that a client that breaks one fails
// its test. It is for tests, the demo and labs; no product binary may hold it.
package porttest

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

// What a Server accepts and says of itself unless Options say otherwise.
const (
	ClientID     = "porttest-client"
	ClientSecret = "porttest-secret"
	OrgID        = "org_porttest"
)

// Port's documented limits.
const (
	maxUpsert     = 20
	maxDelete     = 100
	maxBody       = 1 << 20
	maxIdentifier = 1000
)

// Options are the parameters of a Server; the zero value is a Port with the wall clock and no latency.
type Options struct {
	// Credentials are the known secrets by client id; nil means ClientID with ClientSecret.
	Credentials map[string]string
	// TokenLife is the life of a token from its first answer on; 0 means three hours, Port's nominal
	// life.
	TokenLife time.Duration
	// OrgID is the organization's id; "" means the constant of that name.
	OrgID string
	// RateLimit is how many requests a window of RatePeriod admits. Port does not publish its numbers;
	// 0 means a million a minute.
	RateLimit  int
	RatePeriod time.Duration
	// KeepUnchanged leaves updatedAt alone where an upsert changes nothing. Port does not document which
	// it does.
	KeepUnchanged bool
	// Now is Port's clock: entity times, token lives, rate windows and the Date header. nil means
	// time.Now.
	Now func() time.Time
	// Latency is how long a request of a route waits before it takes effect; nil means not at all.
	Latency func(route string) time.Duration
	// OnRequest is called before a request is handled, with no lock held; it may read the body and use
	// the Server. The route is a pattern such as "POST /v1/blueprints/{bp}/entities/bulk", "" for an
	// unknown one.
	OnRequest func(route string, r *http.Request)
}

// Server is one organization of Port. It is an http.Handler and safe for concurrent use.
type Server struct {
	opts   Options
	mux    *http.ServeMux
	routes map[string]route

	mu           sync.Mutex // guards all below
	catalog      catalog
	integrations map[string]*integration
	tokens       tokens
	window       window
	faults       []*fault
	stats        Stats
	traces       int
}

// New makes a Server with no blueprint, no entity and no integration.
func New(opts Options) *Server {
	if opts.Credentials == nil {
		opts.Credentials = map[string]string{ClientID: ClientSecret}
	}
	if opts.TokenLife == 0 {
		opts.TokenLife = 3 * time.Hour
	}
	if opts.OrgID == "" {
		opts.OrgID = OrgID
	}
	if opts.RateLimit == 0 {
		opts.RateLimit = 1_000_000
	}
	if opts.RatePeriod == 0 {
		opts.RatePeriod = time.Minute
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	s := &Server{
		opts:         opts,
		mux:          http.NewServeMux(),
		catalog:      newCatalog(),
		integrations: map[string]*integration{},
		tokens:       newTokens(),
		window:       window{limit: opts.RateLimit, period: opts.RatePeriod},
		stats:        newStats(),
	}
	s.routes = s.table()
	for pattern, rt := range s.routes {
		s.mux.Handle(pattern, s.serve(pattern, rt))
	}
	s.mux.Handle("/", s.serve("", route{handle: unknown, public: true}))
	s.mux.HandleFunc("GET /_dump", s.serveDump)
	s.mux.HandleFunc("GET /_stats", s.serveStats)
	s.mux.HandleFunc("POST /_reset", s.serveReset)
	return s
}

// ServeHTTP answers as Port would; /_dump, /_stats and /_reset are for people with a shell.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.EscapedPath(), "//") {
		// The mux would redirect to the clean path, which Port does not do.
		s.serve("", route{handle: unknown, public: true}).ServeHTTP(w, r)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// route is what one pattern does. A public one needs no token; an entity write needs a User-Agent that
// marks its owner.
type route struct {
	handle handler
	public bool
	write  bool
}

func (s *Server) table() map[string]route {
	return map[string]route{
		"POST /v1/auth/access_token": {handle: s.issueToken, public: true},
		"GET /v1/organization":       {handle: s.organization},

		"POST /v1/integration":                    {handle: s.createIntegration},
		"GET /v1/integration/{id}":                {handle: s.readIntegration},
		"PATCH /v1/integration/{id}":              {handle: s.patchIntegration},
		"PATCH /v1/integration/{id}/config":       {handle: s.patchConfig},
		"PATCH /v1/integration/{id}/resync-state": {handle: s.patchResyncState},
		"GET /v1/integration/{id}/resync-request": {handle: s.readResyncRequest},

		"POST /ingest/logs/{id}":                                          {handle: s.takeLogs},
		"POST /ingest/metrics/{id}/heartbeat":                             {handle: s.takeBeat},
		"POST /ingest/metrics/{id}/syncMetrics":                           {handle: s.takeSyncs},
		"PUT /ingest/metrics/{id}/syncMetrics/resync/{event}/kind/{kind}": {handle: s.takeSync},

		"GET /v1/blueprints":        {handle: s.listBlueprints},
		"POST /v1/blueprints":       {handle: s.createBlueprint},
		"GET /v1/blueprints/{bp}":   {handle: s.readBlueprint},
		"PATCH /v1/blueprints/{bp}": {handle: s.patchBlueprint},

		"POST /v1/blueprints/{bp}/entities":             {handle: s.upsertOne, write: true},
		"POST /v1/blueprints/{bp}/entities/bulk":        {handle: s.upsertBulk, write: true},
		"DELETE /v1/blueprints/{bp}/entities/{id}":      {handle: s.deleteOne, write: true},
		"POST /v1/blueprints/{bp}/bulk/entities/delete": {handle: s.deleteBulk, write: true},

		"POST /v1/blueprints/{bp}/entities/search":         {handle: s.searchBlueprint},
		"POST /v1/entities/search":                         {handle: s.searchAll},
		"POST /v1/blueprints/entities/datasource-entities": {handle: s.searchDatasource},
	}
}

func unknown(c *call) (answer, error) {
	return answer{}, misuse(404, "not_found", "no route %s %s", c.r.Method, c.r.URL.Path)
}

func (s *Server) organization(*call) (answer, error) {
	return ok(obj{"organization": obj{"id": s.opts.OrgID, "name": "porttest", "featureFlags": []string{}}})
}

// now is Port's clock in the resolution of its answers.
func (s *Server) now() time.Time { return s.opts.Now().UTC().Truncate(time.Millisecond) }
