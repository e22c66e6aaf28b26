package porttest

import (
	"encoding/json"
	"net/http"
)

func (s *Server) serveDump(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(s.dump(r.URL.Query().Has("datasource")))
}

func (s *Server) serveStats(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(s.Stats())
}

// serveReset sets the counters to zero and, without keep, empties the catalog; blueprints and
// integrations stay.
func (s *Server) serveReset(w http.ResponseWriter, r *http.Request) {
	s.ResetStats()
	if !r.URL.Query().Has("keep") {
		s.mu.Lock()
		s.catalog.empty()
		s.mu.Unlock()
	}
	w.WriteHeader(http.StatusNoContent)
}
