package collect

import (
	"errors"
	"net/http"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// refused says that AWS answered, and found fault with the request itself.
func refused(err error) bool {
	var r *awshttp.ResponseError
	return errors.As(err, &r) && r.HTTPStatusCode() >= http.StatusBadRequest &&
		r.HTTPStatusCode() < http.StatusInternalServerError
}
