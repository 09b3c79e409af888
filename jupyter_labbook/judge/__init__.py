"""Is the claim borne out?"""
