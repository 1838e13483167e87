"""S3 buckets."""

from __future__ import annotations

from gameday.lab.template.resource import Made, Resource
from gameday.lab.template.resources import handles


@handles("AWS::S3::Bucket", "Arn", "DomainName", "RegionalDomainName")
def bucket(resource: Resource) -> Made:
    """A bucket; Ref gives its name."""
    name = resource.take("BucketName") or resource.generated(63).lower()
    elsewhere = resource.region != "us-east-1"
    place = {"LocationConstraint": resource.region} if elsewhere else None
    resource.call("s3", "create_bucket", Bucket=name, CreateBucketConfiguration=place)
    tags = resource.take("Tags")
    if tags:
        resource.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": tags})
    versioning = resource.take("VersioningConfiguration")
    if versioning:
        resource.call("s3", "put_bucket_versioning", Bucket=name,
                      VersioningConfiguration=versioning)  # fmt: skip
    return Made(
        name,
        {
            "Arn": f"arn:aws:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{resource.region}.amazonaws.com",
        },
    )
