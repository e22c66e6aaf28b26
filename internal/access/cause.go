package access

import (
	"cmp"
	"encoding/json"
)

// Cause is the message in the cause of a failed task or execution of Step Functions. It is the function's answer,
// or, of Step Functions' own, plain text.
func Cause(cause string) string {
	var answer struct{ ErrorMessage string }
	_ = json.Unmarshal([]byte(cause), &answer) // else it is plain text
	return cmp.Or(answer.ErrorMessage, cause)
}
