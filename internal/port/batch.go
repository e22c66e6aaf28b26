package port

import (
	"bytes"
	"encoding/json"
)

const envelope = len(`{"entities":[]}`)

// Batch gathers entities of one blueprint for one request: at most MaxUpsert of them, and at most
// MaxBody bytes with the envelope and commas around them. The zero value is an empty batch.
type Batch struct {
	entities []json.RawMessage
	size     int // of the entities and the commas
}

// Fits is nil or, for an entity that no batch can take, a *TooLargeError.
func Fits(entity json.RawMessage) error {
	if room := MaxBody - envelope; len(entity) > room {
		return &TooLargeError{Size: len(entity), Max: room}
	}
	return nil
}

// Add puts an entity into the batch, or says that it has no room in this one: take the batch and
// add it again. An entity that Fits has room in an empty batch.
func (b *Batch) Add(entity json.RawMessage) bool {
	size := b.size + len(entity)
	if len(b.entities) > 0 {
		size++ // the comma
	}
	if len(b.entities) == MaxUpsert || envelope+size > MaxBody {
		return false
	}
	b.entities, b.size = append(b.entities, entity), size
	return true
}

// Len is the number of entities in the batch.
func (b *Batch) Len() int { return len(b.entities) }

// Take empties the batch and returns what was in it, in the order it was added.
func (b *Batch) Take() []json.RawMessage {
	taken := b.entities
	*b = Batch{}
	return taken
}

func bulkBody(entities []json.RawMessage) []byte {
	var body bytes.Buffer
	body.WriteString(`{"entities":[`)
	for i, e := range entities {
		if i > 0 {
			body.WriteByte(',')
		}
		body.Write(e)
	}
	body.WriteString(`]}`)
	return body.Bytes()
}
