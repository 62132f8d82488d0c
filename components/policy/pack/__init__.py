"""The folder that `pulumi preview --policy-pack` takes."""
