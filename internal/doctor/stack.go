package doctor

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/scheduler"
	"github.com/aws/aws-sdk-go-v2/service/sfn"

	"github.com/port-aws-sync/port-aws-sync/internal/access"
	"github.com/port-aws-sync/port-aws-sync/internal/schedule"
)

// stackName is the stack's, whose state machine bears it.
func (x *examination) stackName() string { return x.Machine[strings.LastIndex(x.Machine, ":")+1:] }

func regionOf(arn string) string { return strings.Split(arn, ":")[3] }

// unseen says that something could not be looked at.
func (x *examination) unseen(action string, err error) Finding {
	return unseen.of("%s: %s", action, access.Judge(err).Message)
}

// stack looks at what the template made.
func (x *examination) stack(ctx context.Context) {
	if x.Machine == "" {
		return
	}
	x.concurrency(ctx)
	found := x.findSchedule(ctx)
	out, err := x.executions(ctx)
	if err != nil {
		x.find(x.unseen("states:ListExecutions", err))
		return
	}
	began := found.since
	if len(out.Executions) > 0 {
		e := out.Executions[0]
		began = aws.ToTime(e.StartDate)
		if s := string(e.Status); s == "FAILED" || s == "TIMED_OUT" || s == "ABORTED" {
			x.ended(ctx, aws.ToString(e.ExecutionArn))
		}
	}
	if found.interval > 0 && x.Now().Sub(began) > 2*found.interval {
		x.find(runsStay.of("the schedule says %s, and nothing has begun since %s", found.expression, began.UTC().Format(time.RFC3339)).
			next("aws logs tail /aws/lambda/%s-discover --since 1d --region %s", x.stackName(), regionOf(x.Machine)))
	}
}

func (x *examination) concurrency(ctx context.Context) {
	out, err := lambda.NewFromConfig(x.Hub, func(o *lambda.Options) { o.Region = regionOf(x.Machine) }).GetAccountSettings(ctx, nil)
	if err != nil || out.AccountLimit == nil {
		x.find(x.unseen("lambda:GetAccountSettings", err))
		return
	}
	if n := int(aws.ToInt32(out.AccountLimit.UnreservedConcurrentExecutions)); n < x.Width {
		x.find(concurrencyLow.of("%d functions at once are free for all in %s, MaxConcurrentAccounts is %d", n, regionOf(x.Machine), x.Width).
			next("aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000 --region %s",
				regionOf(x.Machine)))
	}
}

// timetable is the schedule that calls discover.
type timetable struct {
	expression string
	interval   time.Duration // 0 = off, or not known
	since      time.Time     // when it was made or last changed
}

func (x *examination) findSchedule(ctx context.Context) (s timetable) {
	client := scheduler.NewFromConfig(x.Hub, func(o *scheduler.Options) { o.Region = regionOf(x.Machine) })
	calls := ":function:" + x.stackName() + "-discover"
	in := &scheduler.ListSchedulesInput{NamePrefix: aws.String(x.stackName() + "-")}
	for {
		out, err := client.ListSchedules(ctx, in)
		if err != nil {
			x.find(x.unseen("scheduler:ListSchedules", err))
			return s
		}
		for _, one := range out.Schedules {
			if one.Target == nil || !strings.HasSuffix(aws.ToString(one.Target.Arn), calls) {
				continue
			}
			if one.State == "DISABLED" {
				x.find(scheduleOff.of("the schedule %s is disabled", aws.ToString(one.Name)).
					next("sam deploy --parameter-overrides ScheduleState=ENABLED"))
				return s
			}
			got, err := client.GetSchedule(ctx, &scheduler.GetScheduleInput{Name: one.Name, GroupName: one.GroupName})
			if err != nil {
				x.find(x.unseen("scheduler:GetSchedule", err))
				return s
			}
			s.expression, s.since = aws.ToString(got.ScheduleExpression), aws.ToTime(one.LastModificationDate)
			s.interval = interval(s.expression)
			return s
		}
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			x.find(scheduleMissing.of("no schedule calls %s-discover", x.stackName()).next("sam build && sam deploy"))
			return s
		}
	}
}

// interval is that of a rate; 0 for other expressions, whose ticks are not equally far apart.
func interval(expression string) time.Duration {
	if !strings.HasPrefix(expression, "rate(") {
		return 0
	}
	s, err := schedule.Parse(expression, "UTC")
	if err != nil {
		return 0
	}
	return s.Interval(time.Time{})
}

// executions are the newest of the state machine.
func (x *examination) executions(ctx context.Context) (*sfn.ListExecutionsOutput, error) {
	return sfn.NewFromConfig(x.Hub).ListExecutions(ctx,
		&sfn.ListExecutionsInput{StateMachineArn: &x.Machine, MaxResults: 1}, atHome(x.Machine))
}

// ended says how an execution came to a bad end.
func (x *examination) ended(ctx context.Context, arn string) {
	out, err := sfn.NewFromConfig(x.Hub).DescribeExecution(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn}, atHome(arn))
	if err != nil {
		x.find(x.unseen("states:DescribeExecution", err))
		return
	}
	x.executed = failure{aws.ToString(out.Name), strings.Trim(string(out.Status)+" "+aws.ToString(out.Error)+": "+access.Cause(aws.ToString(out.Cause)), ": ")}
}

func atHome(arn string) func(*sfn.Options) {
	return func(o *sfn.Options) { o.Region = regionOf(arn) }
}
