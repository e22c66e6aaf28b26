package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Serve answers Lambda, one event at a time, until the execution environment ends. An event that has a
// field In does not know is refused as EventInvalid. Errors cross by their Code; one that has none is
// OutOfTime where the invocation's time was over, and else Unexpected.
//
// handle has less time than Lambda gives, so that its answer still arrives, and returns only when
// everything that it began has ended: Lambda freezes what goes on, and thaws it in a later invocation.
func Serve[In, Out any](getenv func(string) string, log *slog.Logger, handle func(context.Context, In) (Out, error)) {
	limit := int64(math.MaxInt64) // none
	if mib, err := strconv.ParseInt(getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 64); err == nil {
		limit = mib << 20 * 4 / 5
	}
	SpendMemory(limit)
	lambda.Start(Handler(log, handle))
}

// SpendMemory spares the CPU at the cost of memory, up to a limit in bytes.
func SpendMemory(limit int64) {
	// Listings are garbage soon after they are read: a fifth less CPU for twice a small heap.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(limit)
}

// Handler is what Serve answers one event with.
func Handler[In, Out any](
	log *slog.Logger, handle func(context.Context, In) (Out, error),
) func(context.Context, json.RawMessage) (any, error) {
	return func(ctx context.Context, event json.RawMessage) (any, error) {
		ctx, cancel := early(ctx)
		defer cancel()
		in, err := decode[In](event)
		var out Out
		if err == nil {
			out, err = handle(ctx, in)
		}
		if err == nil {
			return out, nil
		}
		failure := named(ctx, err)
		log.ErrorContext(ctx, failure.Message, "error", failure.Type)
		return nil, failure
	}
}

// early is ctx, a tenth of its time sooner and at most five seconds.
func early(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return ctx, func() {}
	}
	return context.WithDeadline(ctx, end.Add(-min(time.Until(end)/10, 5*time.Second)))
}

func decode[In any](event []byte) (in In, err error) {
	d := json.NewDecoder(bytes.NewReader(event))
	d.DisallowUnknownFields()
	if err = d.Decode(&in); err == nil && d.More() {
		err = errors.New("something follows the JSON object")
	}
	if err != nil {
		return in, Invalid(err.Error())
	}
	return in, nil
}

// Invalid is the error of an event that has a fault.
func Invalid(fault string) *Error {
	return &Error{"EventInvalid", "the event is not one that this function knows (events/ has examples): " + fault}
}

// named is err as Step Functions sees it. Only this very type, by value, crosses with the name it has:
// https://pkg.go.dev/github.com/aws/aws-lambda-go/lambda/messages#InvokeResponse_Error
func named(ctx context.Context, err error) messages.InvokeResponse_Error {
	failure := messages.InvokeResponse_Error{Type: "Unexpected", Message: err.Error()}
	var coded interface{ Code() string }
	switch {
	case errors.As(err, &coded):
		failure.Type = coded.Code()
	case ctx.Err() != nil:
		failure.Type = "OutOfTime"
	}
	return failure
}

// Error is an error of the boundary itself.
type Error struct{ name, message string }

func (e *Error) Error() string { return e.message }

// Code names the error across the Lambda boundary.
func (e *Error) Code() string { return e.name }

// Logger writes lines of JSON as Lambda's log filters want them. Each line that is logged within an
// invocation has its requestId.
func Logger(w io.Writer, getenv func(string) string) *slog.Logger {
	return slog.New(inInvocation{slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: level(getenv("AWS_LAMBDA_LOG_LEVEL")),
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			switch {
			case len(groups) > 0:
			case a.Key == slog.TimeKey:
				a.Key = "timestamp"
			case a.Key == slog.MessageKey:
				a.Key = "message"
			}
			return a
		},
	})})
}

// level reads Lambda's name of a level, of which slog lacks the outermost.
func level(name string) (l slog.Level) {
	switch {
	case name == "TRACE":
		return slog.LevelDebug
	case name == "FATAL":
		return slog.LevelError
	case l.UnmarshalText([]byte(name)) != nil:
		return slog.LevelInfo
	}
	return l
}

// inInvocation adds the requestId.
type inInvocation struct{ slog.Handler }

func (h inInvocation) Handle(ctx context.Context, r slog.Record) error {
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		r.AddAttrs(slog.String("requestId", lc.AwsRequestID))
	}
	return h.Handler.Handle(ctx, r)
}

func (h inInvocation) WithAttrs(a []slog.Attr) slog.Handler {
	return inInvocation{h.Handler.WithAttrs(a)}
}

func (h inInvocation) WithGroup(name string) slog.Handler {
	return inInvocation{h.Handler.WithGroup(name)}
}
