package awstest

import (
	"fmt"
	"slices"
	"strings"
)

func describeInstances(w *World, q question) answer {
	part, next := page(w, q, w.listed(q, q.Region))
	return inXML("<DescribeInstancesResponse><reservationSet>%s</reservationSet><nextToken>%s</nextToken>"+
		"</DescribeInstancesResponse>", render(part, func(t Thing) string {
		return fmt.Sprintf("<item><reservationId>r</reservationId><instancesSet><item>"+
			"<instanceId>%s</instanceId><tagSet>%s</tagSet></item></instancesSet></item>",
			t.Name, tags(t.Tags, "<item><key>%s</key><value>%s</value></item>"))
	}), next)
}

func describeInstanceStatus(w *World, q question) answer {
	list, next := w.listed(q, q.Region), ""
	var ids []string
	for key, values := range q.call.Form {
		if strings.HasPrefix(key, "InstanceId") {
			ids = append(ids, values...)
		}
	}
	unknown := func(id string) bool {
		return !slices.ContainsFunc(list, func(t Thing) bool { return t.Name == id })
	}
	switch {
	case slices.ContainsFunc(ids, unknown):
		return q.fail("InvalidInstanceID.NotFound")
	case len(ids) > 0:
		list = slices.DeleteFunc(list, func(t Thing) bool { return !slices.Contains(ids, t.Name) })
	default:
		list, next = page(w, q, list)
	}
	return inXML("<DescribeInstanceStatusResponse><instanceStatusSet>%s</instanceStatusSet>"+
		"<nextToken>%s</nextToken></DescribeInstanceStatusResponse>", render(list, func(t Thing) string {
		return "<item><instanceId>" + t.Name + "</instanceId><instanceStatus><status>ok</status></instanceStatus></item>"
	}), next)
}

func listClusters(w *World, q question) answer {
	part, next := page(w, q, w.listed(q, q.Region))
	arns := make([]string, len(part))
	for i, t := range part {
		arns[i] = t.ARN()
	}
	return inJSON(map[string]any{"clusterArns": arns, "nextToken": next})
}

func describeClusters(w *World, q question) answer {
	clusters, failures := []map[string]any{}, []map[string]any{}
	for _, arn := range q.in.Clusters {
		t, ok := w.find(q, func(t Thing) bool { return t.ARN() == arn })
		switch {
		case !ok:
			failures = append(failures, map[string]any{"arn": arn, "reason": "MISSING"})
		case t.Name != q.omit:
			list := make([]map[string]string, len(t.Tags))
			for i, tag := range t.Tags {
				list[i] = map[string]string{"key": tag.Key, "value": tag.Value}
			}
			clusters = append(clusters, map[string]any{
				"clusterArn": arn, "clusterName": t.Name, "status": "ACTIVE", "tags": list,
			})
		}
	}
	return inJSON(map[string]any{"clusters": clusters, "failures": failures})
}

func listTopics(w *World, q question) answer {
	part, next := page(w, q, w.listed(q, q.Region))
	return inXML("<ListTopicsResponse><ListTopicsResult><Topics>%s</Topics><NextToken>%s</NextToken>"+
		"</ListTopicsResult></ListTopicsResponse>", render(part, func(t Thing) string {
		return "<member><TopicArn>" + t.ARN() + "</TopicArn></member>"
	}), next)
}

func topicAttributes(w *World, q question) answer {
	t, ok := w.find(q, func(t Thing) bool { return t.ARN() == q.call.Form.Get("TopicArn") })
	if !ok {
		return q.fail("NotFound")
	}
	display := ""
	for _, tag := range t.Tags {
		if tag.Key == "DisplayName" {
			display = tag.Value
		}
	}
	return inXML("<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry>"+
		"<key>DisplayName</key><value>%s</value></entry></Attributes></GetTopicAttributesResult>"+
		"</GetTopicAttributesResponse>", display)
}

func topicTags(w *World, q question) answer {
	t, ok := w.find(q, func(t Thing) bool { return t.ARN() == q.call.Form.Get("ResourceArn") })
	if !ok {
		return q.fail("ResourceNotFound")
	}
	return inXML("<ListTagsForResourceResponse><ListTagsForResourceResult><Tags>%s</Tags>"+
		"</ListTagsForResourceResult></ListTagsForResourceResponse>",
		tags(t.Tags, "<member><Key>%s</Key><Value>%s</Value></member>"))
}

func listBuckets(w *World, q question) answer {
	part, next := page(w, q, w.listed(q, ""))
	return inXML("<ListAllMyBucketsResult><Buckets>%s</Buckets><ContinuationToken>%s</ContinuationToken>"+
		"</ListAllMyBucketsResult>", render(part, func(t Thing) string {
		return fmt.Sprintf("<Bucket><Name>%s</Name><BucketRegion>%s</BucketRegion></Bucket>", t.Name, t.Region)
	}), next)
}

func bucketTagging(w *World, q question) answer {
	t, ok := w.find(q, func(t Thing) bool { return t.Name == q.Items[0] })
	switch {
	case !ok:
		return q.fail("NoSuchBucket")
	case t.Region != q.Region:
		a := q.fail("PermanentRedirect")
		a.header = map[string]string{"X-Amz-Bucket-Region": t.Region}
		return a
	case len(t.Tags) == 0:
		return q.fail("NoSuchTagSet")
	}
	return inXML("<Tagging><TagSet>%s</TagSet></Tagging>",
		tags(t.Tags, "<Tag><Key>%s</Key><Value>%s</Value></Tag>"))
}
