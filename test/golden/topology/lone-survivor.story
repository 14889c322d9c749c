6.3s * both replicas are killed and start again after 12 s
9.3s mark epoch 1 n 3 w 0: Relaxed
9.4s quorum s-0 epoch 1 n 3 w 0
18.4s prepare s-2
18.5s prepare s-1
18.6s join s-1 s-2 to s-0
18.8s describe s-1 unreadable unjoined, s-2 unreadable unjoined
19.7s quorum s-0 epoch 1 n 3 w 1
19.9s mark epoch 1 n 3 w 1: QuorumChanged
20.0s describe s-1 readable joined, s-2 readable joined
no acknowledged write is lost
