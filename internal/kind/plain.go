package kind

import (
	"encoding/base64"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/smithy-go/document"
	"github.com/aws/smithy-go/middleware"
)

// Case says how the members of structs are named.
type Case int

const (
	Upper Case = iota // as in Go
	Lower             // with the first letter in lower case, as the JSON services name them
)

// Plain renders an SDK value in the types that jq knows: nil, bool, int, float64, string, []any and
// map[string]any. Members that AWS did not send are left out: nil pointers, lists and maps, and
// empty enumeration values. Numbers and booleans that are no pointers, and empty lists and maps, are
// kept. Times are in UTC and have no fraction or six digits of it. A union is a map with its one
// member, bytes are base64. Keys of maps stay as they are.
func Plain(v any, c Case) any {
	r := reflect.ValueOf(v)
	if !r.IsValid() {
		return nil
	}
	p, _ := rendererOf(r.Type(), c)(r)
	return p
}

// Members renders a struct, or what a pointer to one points to, as Properties: its own members are
// named as in Go, and only those within them in case c.
func Members(v any, c Case) map[string]any {
	r := reflect.Indirect(reflect.ValueOf(v))
	return planOf(planKey{t: r.Type(), c: c, top: true}).render(r)
}

// renderer renders values of one type. Not ok is a value that a struct leaves out.
type renderer func(v reflect.Value) (p any, ok bool)

var (
	timeType     = reflect.TypeFor[time.Time]()
	numberType   = reflect.TypeFor[document.Number]()
	metadataType = reflect.TypeFor[middleware.Metadata]()
)

func rendererOf(t reflect.Type, c Case) renderer {
	switch t {
	case timeType:
		return func(v reflect.Value) (any, bool) { return stamp(v.Interface().(time.Time)), true }
	case numberType:
		return func(v reflect.Value) (any, bool) { return number(v.String()), true }
	}
	switch t.Kind() {
	case reflect.String:
		enum := t.PkgPath() != ""
		return func(v reflect.Value) (any, bool) { s := v.String(); return s, s != "" || !enum }
	case reflect.Bool:
		return func(v reflect.Value) (any, bool) { return v.Bool(), true }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value) (any, bool) { return int(v.Int()), true }
	case reflect.Float32, reflect.Float64:
		return float(t.Bits())
	case reflect.Pointer:
		return pointer(rendererOf(t.Elem(), c))
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return blob
		}
		return list(rendererOf(t.Elem(), c))
	case reflect.Map:
		return dictionary(rendererOf(t.Elem(), c))
	case reflect.Struct:
		plan := planOf(planKey{t: t, c: c})
		return func(v reflect.Value) (any, bool) { return plan.render(v), true }
	case reflect.Interface:
		return dynamic(t, c)
	}
	return func(reflect.Value) (any, bool) { return nil, false }
}

// stamp has the forms that Ocean writes; time.RFC3339Nano has others.
func stamp(t time.Time) string {
	if t.Nanosecond() < int(time.Microsecond) {
		return t.UTC().Format("2006-01-02T15:04:05Z")
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// number reads a number of a document, in which AWS may have written any number of digits.
func number(s string) any {
	if i, err := strconv.Atoi(s); err == nil {
		return i
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil
	}
	return f
}

// float keeps 0.1 of a float32 what it is on the wire, not 0.10000000149011612.
func float(bits int) renderer {
	return func(v reflect.Value) (any, bool) {
		if bits == 64 {
			return v.Float(), true
		}
		return number(strconv.FormatFloat(v.Float(), 'e', -1, bits)), true
	}
}

func pointer(elem renderer) renderer {
	return func(v reflect.Value) (any, bool) {
		if v.IsNil() {
			return nil, false
		}
		return elem(v.Elem())
	}
}

func blob(v reflect.Value) (any, bool) {
	if v.IsNil() {
		return nil, false
	}
	return base64.StdEncoding.EncodeToString(v.Bytes()), true
}

func list(elem renderer) renderer {
	return func(v reflect.Value) (any, bool) {
		if v.IsNil() {
			return nil, false
		}
		l := make([]any, v.Len())
		for i := range l {
			l[i], _ = elem(v.Index(i))
		}
		return l, true
	}
}

func dictionary(elem renderer) renderer {
	return func(v reflect.Value) (any, bool) {
		if v.IsNil() {
			return nil, false
		}
		m := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			m[it.Key().String()], _ = elem(it.Value())
		}
		return m, true
	}
}

// dynamic renders what only the value's own type tells: a document and what is in it, or a union,
// whose member Y of type X is a *XMemberY{Value}. A member newer than the SDK is left out.
func dynamic(t reflect.Type, c Case) renderer {
	return func(v reflect.Value) (any, bool) {
		if v.IsNil() {
			return nil, false
		}
		v = v.Elem()
		if d, ok := v.Interface().(document.Unmarshaler); ok {
			var x any
			err := d.UnmarshalSmithyDocument(&x)
			return Plain(x, c), err == nil
		}
		if t.NumMethod() == 0 {
			return rendererOf(v.Type(), c)(v)
		}
		v = reflect.Indirect(v)
		name, ok := strings.CutPrefix(v.Type().Name(), t.Name()+"Member")
		if !ok {
			return nil, false
		}
		value := v.FieldByName("Value")
		p, _ := rendererOf(value.Type(), c)(value)
		return map[string]any{c.name(name): p}, true
	}
}

// name is the name of member f of a struct. Where the API's name is a word of Go, the SDK appends
// "_" to it.
func (c Case) name(f string) string {
	f = strings.TrimSuffix(f, "_")
	if c == Lower {
		return strings.ToLower(f[:1]) + f[1:]
	}
	return f
}

// plan says how to render structs of one type.
type plan struct{ members func() []member }

type member struct {
	index  int
	name   string
	render renderer
}

type planKey struct {
	t   reflect.Type
	c   Case
	top bool // members are named as in Go, whatever the case
}

// plans remembers what planOf found out about a type, which is true for ever.
var plans sync.Map // planKey → *plan

func planOf(k planKey) *plan {
	if p, ok := plans.Load(k); ok {
		return p.(*plan)
	}
	// On first use, not here: a struct may contain itself.
	p, _ := plans.LoadOrStore(k, &plan{members: sync.OnceValue(k.members)})
	return p.(*plan)
}

func (k planKey) members() []member {
	var ms []member
	for i := range k.t.NumField() {
		f := k.t.Field(i)
		if !f.IsExported() || f.Type == metadataType {
			continue
		}
		m := member{index: i, name: k.c.name(f.Name), render: rendererOf(f.Type, k.c)}
		if k.top {
			m.name = Upper.name(f.Name)
		}
		ms = append(ms, m)
	}
	return ms
}

func (p *plan) render(v reflect.Value) map[string]any {
	members := p.members()
	m := map[string]any{}
	for _, f := range members {
		if x, ok := f.render(v.Field(f.index)); ok {
			m[f.name] = x
		}
	}
	return m
}
