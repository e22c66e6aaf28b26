package kind

import (
	"encoding/json"
	"strings"
)

// JSON reads a JSON object in the types that jq knows, as Plain renders them.
func JSON(text string) (map[string]any, error) {
	var object map[string]any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber() // else all numbers were float64
	if err := d.Decode(&object); err != nil {
		return nil, err
	}
	for key, v := range object {
		object[key] = numbers(v)
	}
	return object, nil
}

func numbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return number(v.String())
	case []any:
		for i := range v {
			v[i] = numbers(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = numbers(v[key])
		}
	}
	return v
}
