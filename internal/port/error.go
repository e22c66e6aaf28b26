package port

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// What errors.Is tells of an error of this package. The first three are of requests refused as a
// whole: what befalls one entity within an answered request is not among them, whatever its status.
var (
	ErrUnauthorized = errors.New("port: unauthorized") // credentials refused, or a fresh token
	ErrForbidden    = errors.New("port: forbidden")    // usually the list of allowed IP addresses
	ErrNotFound     = errors.New("port: not found")    // in Port's own words; a proxy's 404 is not

	ErrBlueprintMissing = errors.New("blueprint missing")      // nothing of this blueprint can be written
	ErrRelationMissing  = errors.New("related entity missing") // worth a retry once the other entities are in
	ErrNotAnswered      = errors.New("not answered")           // Port's answer lacks what was asked for
)

// Error is a refusal by Port: of a request, or of one entity in it.
type Error struct {
	Route   string // method and path template of the request
	Status  int    // HTTP's, or that of the entity within a 207
	Code    string // Port's code, such as not_found; empty when not Port itself answered
	Message string // Port's own words
	TraceID string // x-trace-id of the answer: what Port's support asks for

	OfEntity bool // the request was answered, and Status is about one entity in it
}

func (e *Error) Error() string {
	text := fmt.Sprintf("%s: %d", e.Route, e.Status)
	if e.Code == "" && e.Message == "" {
		text += " " + http.StatusText(e.Status)
	}
	if e.Code != "" {
		text += " " + e.Code
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.TraceID != "" {
		text += " (trace " + e.TraceID + ")"
	}
	return text
}

// Is makes the refusal of a whole request comparable with ErrUnauthorized, ErrForbidden and
// ErrNotFound.
func (e *Error) Is(target error) bool {
	if e.OfEntity {
		return false
	}
	switch target {
	case ErrUnauthorized:
		return e.Status == http.StatusUnauthorized
	case ErrForbidden:
		return e.Status == http.StatusForbidden
	case ErrNotFound:
		return e.notFound()
	}
	return false
}

// notFound says that Port itself, not something in front of it, knows no such thing.
func (e *Error) notFound() bool {
	return e != nil && e.Status == http.StatusNotFound && e.Code == "not_found"
}

// BusyError says that Port cannot be asked again before Until: it wants a pause of more than 30 s,
// or the context would have ended by then. Err is why the last try failed, nil if none was made;
// whether one before it was carried out, only Result.Resent tells.
type BusyError struct {
	Until time.Time // local clock
	Err   error
}

func (e *BusyError) Error() string {
	text := "port is busy until " + e.Until.UTC().Format(time.RFC3339)
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *BusyError) Unwrap() error { return e.Err }

// TooLargeError is an entity that fits no request. It is never sent; what Port has of it stays.
type TooLargeError struct{ Size, Max int } // bytes of the entity's JSON

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("entity is %.1f MB (%d bytes, Port takes %d)", float64(e.Size)/1e6, e.Size, e.Max)
}

// missingBlueprint adds ErrBlueprintMissing to the refusal of a request for the entities of one
// blueprint, where Port names a blueprint as what it does not know.
func missingBlueprint(err error) error {
	var refused *Error
	if !errors.As(err, &refused) || !refused.notFound() || !namesBlueprint(refused.Message) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrBlueprintMissing, err)
}

// namesBlueprint and namesEntity read Port's message: a missing blueprint and a missing entity have
// the same status and code. `Blueprint with identifier "vm" was not found`, `Entity with
// identifier "i-1" was not found`.
func namesBlueprint(message string) bool {
	return strings.HasPrefix(strings.ToLower(message), "blueprint")
}

func namesEntity(message string) bool {
	return strings.Contains(strings.ToLower(message), "entity") && !namesBlueprint(message)
}

func quotes(message, identifier string) bool {
	return strings.Contains(message, strconv.Quote(identifier))
}
