"""SCIM 2.0 beside step 1 of the write path: HR clients such as Entra and Okta keep users and groups here.

A user becomes a person through the rules of the org-chart push; user and person are written in one transaction.
"""
