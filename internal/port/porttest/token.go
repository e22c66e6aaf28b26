package porttest

import (
	"fmt"
	"strings"
	"time"
)

type grant struct {
	token, client string
	until         time.Time
}

// tokens holds one live grant per client.
type tokens struct {
	byClient map[string]grant
	issued   int
}

func newTokens() tokens { return tokens{byClient: map[string]grant{}} }

// check finds the client of an Authorization header.
func (t *tokens) check(header string, now time.Time) (string, error) {
	if header == "" {
		return "", misuse(401, "unauthorized", "no Authorization header")
	}
	token, bearer := strings.CutPrefix(header, "Bearer ")
	for _, g := range t.byClient {
		if bearer && g.token == token && now.Before(g.until) {
			return g.client, nil
		}
	}
	return "", refuse(401, "unauthorized", "token is unknown or expired")
}

// issueToken gives a client its live token again, with its nominal life: as with Port, the caller does
// not learn its age.
func (s *Server) issueToken(c *call) (answer, error) {
	if h := c.r.Header.Get("Authorization"); h != "" {
		if _, err := s.tokens.check(h, c.now); err != nil {
			return answer{}, misuse(401, "unauthorized", "stale Authorization header on the token route")
		}
	}
	client, _ := c.in["clientId"].(string)
	secret, _ := c.in["clientSecret"].(string)
	if client == "" || secret == "" {
		return answer{}, malformed("clientId and clientSecret are required")
	}
	if want, known := s.opts.Credentials[client]; !known || want != secret {
		return answer{}, refuse(401, "unauthorized", "clientId or clientSecret is wrong")
	}
	g := s.tokens.byClient[client]
	if !c.now.Before(g.until) {
		s.tokens.issued++
		token := fmt.Sprintf("porttest-token-%d", s.tokens.issued)
		g = grant{token, client, c.now.Add(s.opts.TokenLife)}
		s.tokens.byClient[client] = g
	}
	return ok(obj{"accessToken": g.token, "expiresIn": int(s.opts.TokenLife.Seconds()), "tokenType": "Bearer"})
}

// RevokeTokens ends the life of every token issued so far.
func (s *Server) RevokeTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.tokens.byClient)
}
