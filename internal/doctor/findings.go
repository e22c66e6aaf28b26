package doctor

import "fmt"

// Entry is a sort of finding.
type Entry struct {
	Name  string
	Level Level
	Means string // what is wrong
	Cure  string // what to do about it; the finding itself has the command
}

// of is a finding of the sort.
func (e Entry) of(format string, a ...any) Finding {
	return Finding{Level: e.Level, Name: e.Name, Message: fmt.Sprintf(format, a...)}
}

func (f Finding) next(format string, a ...any) Finding {
	f.Next = fmt.Sprintf(format, a...)
	return f
}

func (f Finding) in(account string) Finding {
	f.Account = account
	return f
}

// Findings are all sorts there are, those of the hub first. docs/troubleshooting.md is made of them.
func Findings() []Entry {
	return []Entry{
		identityUnknown, functionRoleRefused, unseen,
		portSecretUnreadable, portUnauthorized, portForbidden, portUnreachable, portReadOnly, integrationMissing, mappingEmpty,
		mappingInvalid, blueprintMissing, kindUnknown,
		organizationDenied, organizationUnavailable, selectionInvalid, noAccounts,
		trustedAccessOff, stackSetMissing, roleNameDiffers,
		scheduleMissing, scheduleOff, concurrencyLow, neverRan, runFailed, runsStay, runUnderWay,
		stateUnreadable, stateNewer, lockLeft, leaseLive, runIncomplete,
		accountNotActive, accountNotSelected, hubNotAllowed, entryForbidden, roleMissing, stackInstanceFailed,
		externalIDWrong, trustRefused, roleRefused, entryFailed,
		regionsUnknown, regionDenied, actionDenied, kindFailed, roleOld, accountRecovered, accountReadable,
	}
}

// Of our identity and of Port.
var (
	identityUnknown = Entry{"IdentityUnknown", Problem,
		"AWS does not know who we are: there are no credentials, or they are wrong or have expired.",
		"Give the environment credentials that work."}
	functionRoleRefused = Entry{"FunctionRoleRefused", Problem,
		"The doctor's function may not enter the role of another function of its stack, so it cannot see what that one sees.",
		"Deploy the stack again."}
	unseen = Entry{"Unseen", Warning,
		"Something could not be looked at. It may be fine.",
		"Allow the action that AWS names to whoever runs the doctor, or look for yourself."}
	portSecretUnreadable = Entry{"PortSecretUnreadable", Problem,
		"The secret with Port's credentials is not there, may not be read or decrypted, or is not of the form {\"clientId\": …, \"clientSecret\": …}.",
		"Correct the secret, its ARN, or the policy of the key that encrypts it."}
	portUnauthorized = Entry{"PortUnauthorized", Problem,
		"Port refuses the credentials.",
		"Put the client id and secret of Port's menu Credentials into the secret, and check that PortBaseUrl is the region of your Port organization."}
	portForbidden = Entry{"PortForbidden", Problem,
		"Port knows the credentials and does not let us read: from this address, or these credentials.",
		"Add our address to Port's list of allowed IP addresses, or use the organization's own credentials."}
	portUnreachable = Entry{"PortUnreachable", Problem,
		"Port does not answer.",
		"Check PortBaseUrl, and the network of a function that was put into a VPC."}
	portReadOnly = Entry{"PortReadOnly", Problem,
		"Port lets us read and not write.",
		"Use credentials that may create and update entities."}
	integrationMissing = Entry{"IntegrationMissing", Warning,
		"Port has no integration of that identifier yet: the first run registers it, as one of its own.",
		"Nothing; or, if Ocean's is to be taken over, name that one in IntegrationIdentifier."}
	mappingEmpty = Entry{"MappingEmpty", Problem,
		"The integration has no mapping.",
		"Give it one in Port's mapping editor."}
	mappingInvalid = Entry{"MappingInvalid", Problem,
		"The mapping cannot be carried out.",
		"Correct it in Port; make check-mapping checks a file of it offline."}
	blueprintMissing = Entry{"BlueprintMissing", Problem,
		"A block of the mapping writes into a blueprint that Port does not have. The block is left alone.",
		"Create the blueprint, or take the block out."}
	kindUnknown = Entry{"KindUnknown", Problem,
		"A block of the mapping names a kind that does not exist. The block is left alone.",
		"Correct the name; docs/kinds.md lists the kinds."}
)

// Of the organization, and of the StackSet that puts roles into its accounts.
var (
	organizationDenied = Entry{"OrganizationDenied", Problem,
		"AWS does not let us list the organization.",
		"Deploy into the management account or a delegated administrator's, or name a role there in OrganizationRoleArn, or list roles in AccountRoleArns."}
	organizationUnavailable = Entry{"OrganizationUnavailable", Warning,
		"AWS Organizations did not answer.",
		"Try again; the next run does, too."}
	selectionInvalid = Entry{"SelectionInvalid", Problem,
		"A setting that selects accounts is wrong.",
		"Correct the setting that the message names."}
	noAccounts = Entry{"NoAccounts", Problem,
		"The settings select no account that can be read, so no resource is found.",
		"Widen OuIds, take an account out of ExcludedAccounts, or list the roles in AccountRoleArns."}
	trustedAccessOff = Entry{"TrustedAccessOff", Problem,
		"CloudFormation may not use the organization: StackSets reach no account.",
		"Activate trusted access once, in the management account."}
	stackSetMissing = Entry{"StackSetMissing", Note,
		"There is no StackSet of this stack, so that the roles in the accounts are made by other means.",
		"Nothing, if DeployMemberRoles is false."}
	roleNameDiffers = Entry{"RoleNameDiffers", Problem,
		"The StackSet makes roles of another name than the one that the functions enter.",
		"Deploy the stack again, so that both have the same MemberRoleName."}
)

// Of the stack and its state.
var (
	scheduleMissing = Entry{"ScheduleMissing", Problem,
		"No schedule calls the stack's function discover.",
		"Deploy the stack again."}
	scheduleOff = Entry{"ScheduleOff", Warning,
		"The schedule is disabled: it runs only when somebody starts it.",
		"Set ScheduleState to ENABLED."}
	concurrencyLow = Entry{"ConcurrencyLow", Warning,
		"The account can run fewer functions at once than MaxConcurrentAccounts asks for. Runs are slower, not wrong.",
		"Ask AWS for more, or lower MaxConcurrentAccounts."}
	neverRan = Entry{"NeverRan", Warning,
		"There has been no run yet.",
		"Start one."}
	runFailed = Entry{"RunFailed", Problem,
		"The last run failed.",
		"See the error's name below."}
	runsStay = Entry{"RunsStayAway", Problem,
		"The schedule is on, and no run has begun for two intervals: discover fails before it starts one.",
		"Read the log of discover: its last line names the error."}
	runUnderWay = Entry{"RunUnderWay", Note,
		"A run is at work.",
		"Nothing."}
	stateUnreadable = Entry{"StateUnreadable", Problem,
		"What is remembered between runs cannot be read.",
		"Correct StateBucketName, or the bucket's policy."}
	stateNewer = Entry{"StateNewerThanCode", Problem,
		"A newer version has written the state. This one writes nothing.",
		"Deploy the newer version again."}
	lockLeft = Entry{"LockLeft", Warning,
		"A run that does not go on any more still has the lock. The next run takes it over.",
		"Start a run."}
	leaseLive = Entry{"LeaseLive", Note,
		"An invocation of a run that has ended may still be at work on some accounts. Others wait for it.",
		"Wait until the time that is named."}
	runIncomplete = Entry{"RunIncomplete", Warning,
		"The last run could not read all of the estate. What Port has of the rest stays as it is.",
		"See the findings of the accounts, and the run's report."}
)

// Of an account.
var (
	accountNotActive = Entry{"AccountNotActive", Note,
		"The account is suspended, closed or not signed up yet. What Port has of it stays until it has left.",
		"Nothing, or reopen the account."}
	accountNotSelected = Entry{"AccountNotSelected", Problem,
		"The account is not among those that the settings select.",
		"Check the id, OuIds and ExcludedAccounts."}
	hubNotAllowed = Entry{"HubNotAllowed", Problem,
		"Our own policies do not let us enter the role.",
		"Allow our identity sts:AssumeRole for it; the stack does so for MemberRoleName or AccountRoleArns."}
	entryForbidden = Entry{"EntryForbidden", Problem,
		"A service control policy forbids us to enter the role.",
		"Exempt our identity from the policy."}
	roleMissing = Entry{"RoleMissing", Problem,
		"The account has no role for us: the StackSet has not put one there.",
		"Let the StackSet reach the account, or make the role with stacksets/member-role.yaml."}
	stackInstanceFailed = Entry{"StackInstanceFailed", Problem,
		"The StackSet could not put the role into the account, or has not done so yet.",
		"Mend what CloudFormation names, and let it try again."}
	externalIDWrong = Entry{"ExternalIdWrong", Problem,
		"The role demands another external id than the one that we send.",
		"Deploy the stack again, or the role with our ExternalId."}
	trustRefused = Entry{"TrustRefused", Problem,
		"The role is there, and does not trust our identity.",
		"Deploy it again with TrustedPrincipalARN as the role that enters it."}
	roleRefused = Entry{"RoleRefused", Problem,
		"AWS does not let us enter the role, and does not say why: the role is missing, does not trust our identity, wants another external id, or the account is suspended or closed.",
		"Look at the role with credentials of the account."}
	entryFailed = Entry{"EntryFailed", Problem,
		"The role could not be entered for another reason than a refusal.",
		"Mend what AWS names."}
	regionsUnknown = Entry{"RegionsUnknown", Problem,
		"The account does not let us ask for its regions.",
		"Allow the role account:ListRegions or ec2:DescribeRegions."}
	regionDenied = Entry{"RegionDenied", Warning,
		"A policy forbids us regions that the mapping asks for. What Port has of them stays.",
		"Exempt the role from the policy, or deny the regions in the mapping's regionPolicy."}
	actionDenied = Entry{"ActionDenied", Problem,
		"A policy forbids us actions that the mapping needs.",
		"Deploy the role again if it is old; else change the policy that is named, or take the kinds out of the mapping."}
	kindFailed = Entry{"KindFailed", Warning,
		"A kind could not be listed for another reason than a refusal.",
		"Read AWS's message."}
	roleOld = Entry{"RoleOld", Warning,
		"The role's policy is of another version than the functions, or has none.",
		"Update the StackSet, or deploy stacksets/member-role.yaml again."}
	accountRecovered = Entry{"AccountRecovered", Note,
		"The last run could not read all of the account. Now it can be read.",
		"Let a run try again."}
	accountReadable = Entry{"AccountReadable", Note,
		"The account can be read in full.",
		"Nothing."}
)
