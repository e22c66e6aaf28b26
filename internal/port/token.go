package port

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

const redacted = "***"

// Credentials are a client of Port's API. Printing, logging or marshalling them shows nothing of
// either part. Decoding JSON fills them from the keys clientId and clientSecret.
type Credentials struct {
	ClientID     string `json:"clientId"`
	ClientSecret string `json:"clientSecret"`
}

func (Credentials) String() string               { return redacted }
func (Credentials) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (Credentials) MarshalJSON() ([]byte, error) { return json.Marshal(redacted) }

// Format covers every verb: %#v and %d would print the fields.
func (Credentials) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redacted) }

type token struct {
	header string // value of Authorization
	secret string
	until  time.Time
}

// tokens keeps the current token; whoever finds none fetches it for all who wait.
type tokens struct {
	fetch func(context.Context) (*token, error)

	mu      sync.Mutex
	current *token
	flight  *flight
}

type flight struct {
	done  chan struct{}
	token *token
	err   error
	own   bool // the error is the fetcher's own (its context, its deadline): others try for themselves
}

func (s *tokens) get(ctx context.Context) (*token, error) {
	for {
		s.mu.Lock()
		// Round: the monotonic reading may stand still while a Lambda is frozen.
		if s.current != nil && time.Now().Round(0).Before(s.current.until) {
			defer s.mu.Unlock()
			return s.current, nil
		}
		f, first := s.flight, s.flight == nil
		if first {
			f = &flight{done: make(chan struct{})}
			s.flight = f
		}
		s.mu.Unlock()
		if first {
			s.run(ctx, f)
			return f.token, f.err
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if !f.own {
			return f.token, f.err
		}
	}
}

// run fetches on the caller's goroutine, so that nothing outlives its context.
func (s *tokens) run(ctx context.Context, f *flight) {
	f.token, f.err = s.fetch(ctx)
	var busy *BusyError
	f.own = f.err != nil && (ctx.Err() != nil || errors.As(f.err, &busy))
	s.mu.Lock()
	if f.err == nil {
		s.current = f.token
	}
	s.flight = nil
	s.mu.Unlock()
	close(f.done)
}

// drop forgets a token that Port refused, unless somebody already has a newer one. Tokens are told
// apart by pointer: Port gives out the same string for as long as it lives.
func (s *tokens) drop(t *token) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == t {
		s.current = nil
	}
}

func (c *Client) fetchToken(
	ctx context.Context, ask func(context.Context) (Credentials, error),
) (*token, error) {
	cred, err := ask(ctx)
	if err != nil {
		return nil, fmt.Errorf("read port credentials: %w", err)
	}
	body, err := json.Marshal(map[string]string{"clientId": cred.ClientID, "clientSecret": cred.ClientSecret})
	if err != nil {
		return nil, err
	}
	const route = "POST /v1/auth/access_token"
	var out struct {
		AccessToken, TokenType string
		ExpiresIn              int64 // seconds
	}
	asked := time.Now().Round(0)
	r := request{route: route, body: body, anonymous: true, secret: cred.ClientSecret}
	if _, err := c.call(ctx, r, &out); err != nil {
		return nil, tokenError(err)
	}
	if out.AccessToken == "" {
		return nil, fmt.Errorf("%s: no token in the answer", route)
	}
	// The token is shared by all who use these credentials, and may die between our look and
	// Port's.
	life := time.Duration(out.ExpiresIn) * time.Second
	return &token{
		header: cmp.Or(out.TokenType, "Bearer") + " " + out.AccessToken,
		secret: out.AccessToken,
		until:  asked.Add(life - min(3*time.Minute, life/10)),
	}, nil
}

// tokenError keeps a refusal of the token from passing for one of the request that needed it: a 404
// of this route is no proof that an entity or the integration does not exist.
func tokenError(err error) error {
	var refused *Error
	if !errors.As(err, &refused) || transient(refused.Status) ||
		errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrForbidden) {
		return err
	}
	return errors.New(err.Error())
}
