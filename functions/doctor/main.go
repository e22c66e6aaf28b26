// Command doctor looks for what keeps runs from being complete: as a function of Lambda, and on a person's machine.
package main

import (
	"os"

	"github.com/port-aws-sync/port-aws-sync/functions"
)

func main() { os.Exit(functions.Doctor(os.Getenv, os.Stdout, os.Stderr)) }
