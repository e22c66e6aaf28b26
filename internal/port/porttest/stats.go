package porttest

import "maps"

// Stats is what happened since New or ResetStats. Seeds and the acts of people are not in it.
type Stats struct {
	// Requests counts answers by route and status; status 0 is a request that got no answer, route "" an
	// unknown one.
	Requests map[string]map[int]int `json:"requests"`
	// Created, Updated and Unchanged count upserts by their effect; Stubs are made by createMissing on
	// top of them.
	Created   int `json:"created"`
	Updated   int `json:"updated"`
	Unchanged int `json:"unchanged"`
	Stubs     int `json:"stubs"`
	// Deleted counts entities, those of cascades included; Cascades counts calls with
	// delete_dependents=true.
	Deleted  int `json:"deleted"`
	Cascades int `json:"cascades"`
	// Upserts and Deletes count bulk calls by how many entities they held.
	Upserts map[int]int `json:"upserts"`
	Deletes map[int]int `json:"deletes"`
	// Logs counts log records, Metrics the calls of the metrics routes.
	Logs    int `json:"logs"`
	Metrics int `json:"metrics"`
	// Misuse says, one line per request, which rules of the API were broken that no correct client
	// breaks.
	Misuse []string `json:"misuse"`
}

func newStats() Stats {
	return Stats{
		Requests: map[string]map[int]int{}, Upserts: map[int]int{}, Deletes: map[int]int{}, Misuse: []string{},
	}
}

// Stats returns a copy of the counters.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.stats
	out.Requests = map[string]map[int]int{}
	for route, statuses := range s.stats.Requests {
		out.Requests[route] = maps.Clone(statuses)
	}
	out.Upserts, out.Deletes = maps.Clone(out.Upserts), maps.Clone(out.Deletes)
	out.Misuse = append([]string{}, out.Misuse...)
	return out
}

// ResetStats sets all counters to zero; the catalog, tokens and faults stay.
func (s *Server) ResetStats() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats = newStats()
}

func (s *Server) count(pattern string, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stats.Requests[pattern] == nil {
		s.stats.Requests[pattern] = map[int]int{}
	}
	s.stats.Requests[pattern][status]++
}

func (s *Server) blame(pattern, message string) {
	if pattern != "" {
		message = pattern + ": " + message
	}
	s.stats.Misuse = append(s.stats.Misuse, message)
}
