package ledger

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// shardEntries bounds one stored object of a manifest, so that a reader that streams manifests
// holds little at a time.
const shardEntries = 100_000

// header is the first line of a manifest's first object; entries follow, one a line.
type header struct {
	Format     int                    `json:"format"`
	Account    string                 `json:"account"`
	Cells      []Cell                 `json:"cells,omitempty"`
	Blueprints map[string]BlueprintAt `json:"blueprints,omitempty"`
}

// encode renders the manifest as gzipped JSON lines, in shards of that many entries.
func (m *Manifest) encode(bound int) ([][]byte, error) {
	h := header{Format: Format, Account: m.Account, Cells: m.Cells, Blueprints: m.Blueprints}
	var shards [][]byte
	w, err := newShard(h)
	if err != nil {
		return nil, err
	}
	m.All(func(e *Entry) bool {
		if w.lines == bound {
			var data []byte
			if data, err = w.close(); err == nil {
				shards = append(shards, data)
				w, err = newShard(header{Format: Format, Account: m.Account})
			}
		}
		if err == nil {
			err = w.add(e)
		}
		return err == nil
	})
	if err != nil {
		return nil, fmt.Errorf("encode manifest of %s: %w", m.Account, err)
	}
	data, err := w.close()
	return append(shards, data), err
}

type shard struct {
	out   bytes.Buffer
	zip   *gzip.Writer
	json  *json.Encoder
	lines int
}

func newShard(first any) (*shard, error) {
	s := &shard{}
	s.zip, _ = gzip.NewWriterLevel(&s.out, gzip.BestSpeed)
	s.json = json.NewEncoder(s.zip)
	s.json.SetEscapeHTML(false)
	return s, s.json.Encode(first)
}

func (s *shard) add(line any) error {
	s.lines++
	return s.json.Encode(line)
}

func (s *shard) close() ([]byte, error) {
	err := s.zip.Close()
	return s.out.Bytes(), err
}

// lines calls first for the header of a stored object and then entry for each entry.
func lines[T any](key string, data []byte, first func([]byte) error, entry func(*T) error) error {
	zip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	in := bufio.NewReader(zip)
	line, err := in.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", key, err)
	}
	if err := checkFormat(key, line); err != nil {
		return err
	}
	if err := first(line); err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	for d := json.NewDecoder(in); ; {
		var e T
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read %s: %w", key, err)
		}
		if err := entry(&e); err != nil {
			return err
		}
	}
}

// decode adds a stored object to the manifest.
func (m *Manifest) decode(key string, data []byte) error {
	names := map[string]string{} // blueprints repeat in every entry
	format := 0
	first := func(line []byte) error {
		var h header
		if err := json.Unmarshal(line, &h); err != nil {
			return err
		}
		format = h.Format
		if h.Account != m.Account {
			return fmt.Errorf("it is of account %s, not %s", h.Account, m.Account)
		}
		for i, c := range h.Cells {
			m.Cells = append(m.Cells, c)
			m.cells[cellKey{c.Region, c.Kind}] = i
		}
		for b, at := range h.Blueprints {
			m.Blueprints[b] = at
		}
		return nil
	}
	return lines(key, data, first, func(e *Entry) error {
		if e.Cell < 0 || e.Cell >= len(m.Cells) {
			return fmt.Errorf("read %s: entry %s names cell %d of %d", key, e.Identifier, e.Cell, len(m.Cells))
		}
		if n, ok := names[e.Blueprint]; ok {
			e.Blueprint = n
		} else {
			names[e.Blueprint] = e.Blueprint
		}
		if format == 1 && e.Own == Unsettled && e.At != 0 {
			e.Met = 1 // some time ago
		}
		m.Add(*e)
		return nil
	})
}
