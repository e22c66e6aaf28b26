package port

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// DeleteResult says what became of one identifier. Neither Deleted nor Err: Port did not name it,
// so it was not there (any more), or an earlier sending of the same call took it.
type DeleteResult struct {
	Deleted bool
	Err     error
}

const deleteRoute = "POST /v1/blueprints/{id}/bulk/entities/delete"

// Delete removes entities of one blueprint, never their dependents, and answers for each
// identifier, by its index. It takes any number of them. Port refuses a whole request for the sake
// of one entity that others need; the request is then halved until that one is alone, and its Err
// has Port's words. The error is what ended the call early (credentials, Port not reachable or
// busy); each identifier not decided by then has it as its Err.
func (c *Client) Delete(ctx context.Context, blueprint string, identifiers []string) ([]DeleteResult, error) {
	results := make([]DeleteResult, len(identifiers))
	var stop error
	for start := 0; start < len(identifiers); start += MaxDelete {
		end := min(start+MaxDelete, len(identifiers))
		stop = c.deletePart(ctx, blueprint, identifiers[start:end], results[start:end], stop)
	}
	return results, stop
}

// deletePart returns why nothing more is to be sent, which may be what it was given.
func (c *Client) deletePart(
	ctx context.Context, blueprint string, identifiers []string, results []DeleteResult, stop error,
) error {
	if stop == nil {
		deleted, err := c.deleteOnce(ctx, blueprint, identifiers)
		var refused *Error
		errors.As(err, &refused)
		switch {
		case err == nil:
			for i, id := range identifiers {
				results[i].Deleted = deleted[id]
			}
			return nil
		case goneWith(refused, len(identifiers)):
			return nil
		case !ofEntities(refused):
			stop = err
		case len(identifiers) > 1:
			half := len(identifiers) / 2
			stop = c.deletePart(ctx, blueprint, identifiers[:half], results[:half], nil)
			return c.deletePart(ctx, blueprint, identifiers[half:], results[half:], stop)
		default:
			results[0].Err = err
			return nil
		}
	}
	for i := range results {
		results[i].Err = stop
	}
	return stop
}

func (c *Client) deleteOnce(
	ctx context.Context, blueprint string, identifiers []string,
) (deleted map[string]bool, err error) {
	body, err := json.Marshal(map[string][]string{"entities": identifiers})
	if err != nil {
		return nil, err
	}
	release, err := c.slot(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	var answer struct {
		DeletedEntities []string
	}
	query := url.Values{"delete_dependents": {"false"}}
	r := request{route: deleteRoute, id: blueprint, query: query, body: body, exporter: true}
	if _, err := c.call(ctx, r, &answer); err != nil {
		return nil, err
	}
	if answer.DeletedEntities == nil {
		// Silence is no proof that they are gone: nothing to delete is an empty list.
		return nil, fmt.Errorf("%s: %w", deleteRoute, ErrNotAnswered)
	}
	deleted = make(map[string]bool, len(answer.DeletedEntities))
	for _, id := range answer.DeletedEntities {
		deleted[id] = true
	}
	return deleted, nil
}

// goneWith says that Port itself, not a proxy, knows no such entity (of one) or blueprint (of all).
func goneWith(refused *Error, entities int) bool {
	return refused.notFound() && (entities == 1 || namesBlueprint(refused.Message))
}

// ofEntities says that Port refused these entities, not us.
func ofEntities(refused *Error) bool {
	if refused == nil || refused.Status < 400 || refused.Status >= 500 || transient(refused.Status) {
		return false
	}
	switch refused.Status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return false
	case http.StatusNotFound:
		return refused.notFound()
	}
	return true
}
