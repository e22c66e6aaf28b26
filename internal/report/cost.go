package report

import "math"

// List prices in US dollars of us-east-1, functions on arm64, without what AWS gives for free each month:
// https://aws.amazon.com/lambda/pricing/, https://aws.amazon.com/step-functions/pricing/ and
// https://aws.amazon.com/s3/pricing/.
const (
	prices = "list prices of us-east-1, arm64, as known in November 2026"

	gigabyteSecond = 0.0000133334
	invocation     = 0.20 / 1_000_000
	transition     = 0.025 / 1_000
	s3Write        = 0.005 / 1_000 // also lists
	s3Read         = 0.0004 / 1_000
)

// What a run takes at least, and what more an account that it syncs: the states of functions/run.asl.yaml on the
// way without a detour, and the requests to S3 where little has changed.
const (
	transitionsOfARun, transitionsOfAnAccount = 10, 6
	writesOfARun, writesOfAnAccount           = 10, 6
	readsOfARun, readsOfAnAccount             = 15, 6
)

// Cost is the receipt of a run: what it costs in the cloud, about, computed from what was counted. It is no bill:
// logs, metrics and storage are not in it, nor what AWS gives for free. AWS charges nothing for being asked.
type Cost struct {
	USD     float64  `json:"estimatedUsd"`
	Charges []Charge `json:"charges"`
	Prices  string   `json:"prices"` // whose, and of when
}

// Charge is one line of a receipt.
type Charge struct {
	For      string  `json:"for"`
	Quantity float64 `json:"quantity"`
	USD      float64 `json:"usd"`
}

// Price is the receipt of what the rest of the report says.
func (r *Report) Price() Cost {
	seconds := r.Ended.Sub(r.Began).Seconds() // of discover and sweep, at most, and a GB each
	synced := 0.0
	for _, a := range r.Accounts {
		if seconds += a.Seconds; a.Seconds > 0 {
			synced++
		}
	}
	c := Cost{Prices: prices}
	for _, l := range []struct {
		what            string
		quantity, price float64
	}{
		{"GB-seconds of functions", math.Ceil(seconds), gigabyteSecond},
		{"invocations of functions", 2 + synced, invocation},
		{"transitions of the state machine", transitionsOfARun + synced*transitionsOfAnAccount, transition},
		{"writes and lists of S3", writesOfARun + synced*writesOfAnAccount, s3Write},
		{"reads of S3", readsOfARun + synced*readsOfAnAccount, s3Read},
	} {
		usd := l.quantity * l.price
		c.USD += usd
		c.Charges = append(c.Charges, Charge{l.what, l.quantity, rounded(usd)})
	}
	c.USD = rounded(c.USD)
	return c
}

// rounded is a sum in hundredths of a cent.
func rounded(usd float64) float64 { return math.Round(usd*10_000) / 10_000 }
