// Command discover is the function of Lambda of that name.
package main

import (
	"os"

	"github.com/port-aws-sync/port-aws-sync/functions"
)

func main() { functions.Serve(os.Getenv, functions.Function.Discover) }
