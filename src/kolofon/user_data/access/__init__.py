"""Access: may this reader read that?"""
