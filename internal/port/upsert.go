package port

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

// UpsertOptions say how Port is to write entities.
type UpsertOptions struct {
	Merge         bool   // keep the properties and relations that an entity does not name
	CreateMissing bool   // create bare entities for relation targets that do not exist
	Event         string // ties Port's audit log to the run, as its log and metrics; may be empty
}

// Result says what became of one entity.
type Result struct {
	Created bool // it did not exist before

	// Resent says that a sending of ours may have been carried out without our having read an answer
	// that tells: an earlier sending, or the one that Err is about. So there are three facts:
	//   - Err != nil, not Resent: certainly not applied. Port refused it with an answer, or it was
	//     never sent.
	//   - Err != nil, Resent: the outcome is unknown.
	//   - Err == nil: applied. Created is false and Resent true where an earlier sending of ours may
	//     have created it.
	Resent bool

	// Err is nil once Port has confirmed the entity. A *TooLargeError, and a *Error of status 400,
	// 409, 413 or 422, is the last word on this payload; a *Error of 401 or 403 with OfEntity is
	// about this entity alone. ErrRelationMissing lasts until the target exists; anything else may
	// pass at another time.
	Err error
}

const upsertRoute = "POST /v1/blueprints/{id}/entities/bulk"

// Upsert writes entities of one blueprint and answers for each, by its index. It takes any number
// of them and sends as many requests as that needs, one after the other. Where Port refuses a whole
// request for the sake of single entities (400, 413, 422), the request is halved until these are
// alone. After a missing blueprint (ErrBlueprintMissing), refused credentials or a *BusyError
// nothing more is sent and the rest has the same Err. An entity whose relation target does not
// exist has ErrRelationMissing.
func (c *Client) Upsert(
	ctx context.Context, blueprint string, entities []json.RawMessage, o UpsertOptions,
) []Result {
	u := &upsert{client: c, blueprint: blueprint, entities: entities, results: make([]Result, len(entities))}
	u.query = url.Values{
		"upsert":                          {"true"},
		"validation_only":                 {"false"},
		"merge":                           {strconv.FormatBool(o.Merge)},
		"create_missing_related_entities": {strconv.FormatBool(o.CreateMissing)},
		"ocean_info_event_type":           {"resync"},
	}
	if o.Event != "" {
		u.query.Set("ocean_info_resync_id", o.Event)
	}
	var batch Batch
	var part []int
	for i, e := range entities {
		if err := Fits(e); err != nil {
			u.results[i].Err = err
			continue
		}
		if !batch.Add(e) {
			u.send(ctx, part, true)
			batch, part = Batch{}, nil
			batch.Add(e)
		}
		part = append(part, i)
	}
	u.send(ctx, part, true)
	return u.results
}

// upsert is one call of Upsert. Parts of it are indexes into entities.
type upsert struct {
	client    *Client
	blueprint string
	query     url.Values
	entities  []json.RawMessage
	results   []Result
	stop      error // why nothing more is sent
}

// send writes one part; again allows one more sending of what Port did not decide.
func (u *upsert) send(ctx context.Context, part []int, again bool) {
	if len(part) == 0 {
		return
	}
	if u.stop != nil {
		u.fail(part, u.stop)
		return
	}
	answer, err := u.exchange(ctx, part)
	switch {
	case err == nil:
		if undecided := u.settle(part, answer); again {
			u.send(ctx, undecided, false)
		}
	case len(part) > 1 && divisible(err):
		u.send(ctx, part[:len(part)/2], again)
		u.send(ctx, part[len(part)/2:], again)
	default:
		err = u.judge(err)
		if final(err) {
			u.stop = err
		}
		u.fail(part, err)
	}
}

type bulkAnswer struct {
	Entities []struct {
		Index   *int
		Created bool
	}
	Errors []struct {
		Index          *int
		StatusCode     int
		Error, Message string
	}
}

func (u *upsert) exchange(ctx context.Context, part []int) (bulkAnswer, error) {
	var answer bulkAnswer
	release, err := u.client.slot(ctx)
	if err != nil {
		return answer, err
	}
	defer release()
	entities := make([]json.RawMessage, len(part))
	for i, at := range part {
		entities[i] = u.entities[at]
	}
	r := request{
		route: upsertRoute, id: u.blueprint, query: u.query, body: bulkBody(entities), exporter: true,
	}
	unknown, err := u.client.call(ctx, r, &answer)
	if unknown {
		u.doubt(part)
	}
	return answer, err
}

// settle takes Port's answer over, by index only: Port calls an entity that it could not identify
// "unknown". It returns those Port has not decided: in neither of its lists, or refused for the
// moment. Their Err is set, too.
func (u *upsert) settle(part []int, answer bulkAnswer) (undecided []int) {
	for _, at := range part {
		u.results[at].Err = fmt.Errorf("%s: %w", upsertRoute, ErrNotAnswered)
	}
	inPart := func(index *int) bool { return index != nil && *index >= 0 && *index < len(part) }
	for _, e := range answer.Entities {
		if inPart(e.Index) {
			at := part[*e.Index]
			u.results[at].Created, u.results[at].Err = e.Created, nil
		}
	}
	for _, e := range answer.Errors {
		if inPart(e.Index) {
			r := &u.results[part[*e.Index]]
			r.Resent = r.Resent || r.Err == nil // it says both
			r.Created = false
			r.Err = u.refused(&Error{
				Route: upsertRoute, Status: e.StatusCode, Code: e.Error, Message: e.Message, OfEntity: true,
			})
		}
	}
	for _, at := range part {
		var refused *Error
		r := &u.results[at]
		silent := errors.Is(r.Err, ErrNotAnswered)
		said := errors.As(r.Err, &refused)
		if silent || said && untold(refused.Status) {
			r.Resent = true
		}
		if silent || said && transient(refused.Status) {
			undecided = append(undecided, at)
		}
	}
	return undecided
}

// doubt marks entities that Port may have written without saying so.
func (u *upsert) doubt(part []int) {
	for _, at := range part {
		u.results[at].Resent = true
	}
}

func (u *upsert) fail(part []int, err error) {
	for _, at := range part {
		u.results[at].Err = err
	}
}

// divisible says that Port refused the request for the sake of some of its entities. 400 is one
// such status because a single entity that is not JSON makes it.
func divisible(err error) bool {
	var refused *Error
	if !errors.As(err, &refused) {
		return false
	}
	switch refused.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	case http.StatusNotFound:
		return refused.notFound() && namesEntity(refused.Message)
	}
	return false
}

// judge tells the 404s of a whole request apart: a missing entity, a missing blueprint, and what is
// not Port's word on either.
func (u *upsert) judge(err error) error {
	var refused *Error
	if errors.As(err, &refused) && refused.notFound() && namesEntity(refused.Message) {
		return fmt.Errorf("%w: %w", ErrRelationMissing, err)
	}
	return missingBlueprint(err)
}

// refused tells the two 404s of one entity apart: here a missing blueprint, unless it is the
// entities' own, is that of a relation target.
func (u *upsert) refused(err *Error) error {
	switch {
	case err.Status != http.StatusNotFound:
		return err
	case namesBlueprint(err.Message) && quotes(err.Message, u.blueprint):
		return fmt.Errorf("%w: %w", ErrBlueprintMissing, err)
	}
	return fmt.Errorf("%w: %w", ErrRelationMissing, err)
}

// final says that the same would befall every further request.
func final(err error) bool {
	var busy *BusyError
	return errors.Is(err, ErrBlueprintMissing) || errors.Is(err, ErrUnauthorized) ||
		errors.Is(err, ErrForbidden) || errors.As(err, &busy)
}
