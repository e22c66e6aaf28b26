package port

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
)

// MayWrite asks Port to validate an entity of a blueprint without writing it. ErrForbidden: the
// credentials, which may read, may not write; nil: they may, whatever Port thinks of the entity.
func (c *Client) MayWrite(ctx context.Context, blueprint string) error {
	query := url.Values{
		"upsert": {"true"}, "merge": {"true"}, "validation_only": {"true"}, "create_missing_related_entities": {"false"},
	}
	body := bulkBody([]json.RawMessage{json.RawMessage(`{"identifier":"port-aws-sync-doctor"}`)})
	_, err := c.call(ctx, request{route: upsertRoute, id: blueprint, query: query, body: body, exporter: true}, nil)
	var refused *Error
	if errors.As(err, &refused) && !errors.Is(err, ErrForbidden) && !errors.Is(err, ErrUnauthorized) && !transient(refused.Status) {
		return nil
	}
	return err
}
